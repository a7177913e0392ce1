import pytest

from mmradar.errors import ConfigError
from mmradar.radar import read_radar_config
from mmradar.radar.config_files.lua import run_script
from mmradar.radar.config_files.lua_parser import UNKNOWN

SCRIPT = """-- what a user of mmWave Studio writes
CHIP = "XWR1843"
START = 77   -- GHz
SAMPLES = 256
LOOPS, PERIOD = 64, 100
ar1.SelectChipVersion(CHIP)
ar1.ChanNAdcConfig(1, 1, 1, 1, 1, 1, 1, 2, 1, 0)
ar1.LVDSLaneConfig(0, 1, 1, 0, 0, 1, 0, 0)
ar1.ProfileConfig(0, START, 10, 6, 65, 0, 0, 0, 0, 0, 0, 60, 1, SAMPLES, 5000, 0, 0, 30)
ar1.ChirpConfig(0, 0, 0, 0, 0, 0, 0, 1, 0, 0)
ar1.ChirpConfig(1, 1, 0, 0, 0, 0, 0, 0, 1, 0)
ar1.ChirpConfig(2, 2, 0, 0, 0, 0, 0, 0, 0, 1)
ar1.FrameConfig(0, 2, 600, LOOPS, PERIOD, 0, 0, 1)
"""
PROFILE = SCRIPT.splitlines()[8]


def read(tmp_path, text, board=None):
    path = tmp_path / 'capture.lua'
    path.write_text(text)
    return read_radar_config(path, board)


@pytest.mark.parametrize(
    'old, new',
    [
        (PROFILE, f'if (ar1.SelectCaptureDevice("DCA1000") == 0) then\n{PROFILE}\nend'),
        (PROFILE, f'if (0 == {PROFILE}) then WriteToLog("good\\n", "green") else WriteToLog("bad\\n", "red") end'),
        (PROFILE, f'if({PROFILE}~=0)\nthen\n    return\nend'),
        (PROFILE, f'ret = {PROFILE}\nif ret ~= 0 then print("******* failed *******") return end'),
        (PROFILE, f'if START > 70 and SAMPLES >= 2 ^ 8 then\n{PROFILE}\nelse\n{PROFILE.replace("60,", "30,")}\nend'),
        (PROFILE, f'if (SAMPLES == 128) then\nelseif not (CHIP == "XWR1642") then\n{PROFILE}\nend'),
        (PROFILE, PROFILE.replace(', ', ',\n    ')),
        (PROFILE, PROFILE.replace('(', ' (\n', 1).replace('60', '120 / 2 -- MHz/us\n')),
        (PROFILE, f'{PROFILE}; --[[ {PROFILE.replace("60,", "30,")}\n{PROFILE.replace("START", "76")} ]]'),
        (PROFILE, f'{PROFILE} --[==[ ]] {PROFILE.replace("60,", "30,")}\n]] ]==]'),
        (PROFILE, f'function set_up(slope)\n{PROFILE.replace("60,", "slope,")}\nend\nset_up(60)'),
        (PROFILE, f'local M = {{}}\nfunction M.go(slope)\n{PROFILE.replace("60,", "slope,")}\nend\nM.go(60)'),
        (PROFILE, f'function unused()\n{PROFILE.replace("60,", "30,")}\nend\n{PROFILE}'),
        (PROFILE, f'{PROFILE}\nif GetLastError() then WriteToLog([[one line\n"and another]]) end'),
        ('START = 77', 'local START <const> = 0x4D'),
        ('START = 77', 'CONFIG = {start = 77, [1] = "x", 5, }\nSTART = CONFIG.start'),
        ('START = 77', 'CONFIG = {}\nCONFIG.start = 154 * 0.5\nSTART = (CONFIG["start"] // 1) % 1000'),
        ('START = 77', 'START = 77.0e0\nif false then START = 78 end\ndo local START = 79 end'),
        ('START = 77', 'START = os.getenv("START") and 77 or 77\nSTART = 77'),
        ('ar1.ChirpConfig(1, 1', 'for _ = 1, 3 do RSTD.Sleep(100) end\nar1.ChirpConfig(1, 1'),
        ('ar1.ChirpConfig(1, 1', 'while true do io.read() if x then break end end\nar1.ChirpConfig(1, 1'),
        ('ar1.ChirpConfig(1, 1', 'for k, v in pairs(t) do print(k, v) end repeat until x\nar1.ChirpConfig(1, 1'),
        ('ar1.SelectChipVersion(CHIP)', 'ar1.SelectChipVersion("AR1642")\nar1.SelectChipVersion("XWR1843")'),
        ('ar1.SelectChipVersion(CHIP)', 'ar1.SelectChipVersion("AR1642")\nar1.deviceVariantSelection(CHIP)'),
        ('ar1.SelectChipVersion(CHIP)', ''),
        ('LOOPS, PERIOD = 64, 100', 'LOOPS, PERIOD = 64, 100\n::again::\nlocal t = "ar1.FrameConfig(0, 0, 1, 1, 1)"'),
    ],
)  # fmt: skip
def test_scripts_that_say_the_same(tmp_path, old, new):
    assert SCRIPT.count(old) == 1
    assert read(tmp_path, SCRIPT.replace(old, new)) == read(tmp_path, SCRIPT)


def test_chirps_in_a_loop(tmp_path):
    start = SCRIPT.index('ar1.ChirpConfig')
    text = SCRIPT[:start] + 'for i = 0, 127 do\n  ar1.ChirpConfig(i, i, 0, 0, 0, 0, 0, 1, 0, 0)\nend\n'
    config = read(tmp_path, text + 'ar1.FrameConfig(0, 127, 0, 1, PERIOD, 0, 1)')
    assert config.frame_shape == (4, 128, 256)


def test_more_transmitters_by_number(tmp_path):
    text = SCRIPT.replace('ar1.ChirpConfig(2', 'if NUM_TX >= 3 then ar1.ChirpConfig(2').replace(
        '0, 0, 1)\nar1.F', '0, 0, 1) end\nar1.F'
    )
    assert read(tmp_path, 'NUM_TX = 3\n' + text) == read(tmp_path, SCRIPT)
    with pytest.raises(ConfigError, match='takes chirps 0 to 2, but only'):
        read(tmp_path, 'NUM_TX = 2\n' + text)
    with pytest.raises(
        ConfigError, match='line 12: branches disagree on ChirpConfig, and which of them runs depends on NUM_TX'
    ):
        read(tmp_path, text)


BY_PART = f"""res, fuse = ar1.ReadRegister(0xFFFFE214, 0, 31)
if (fuse == 0x60) then
    partId = 1642
elseif (fuse == 0x70) then
    partId = 1843
else
    partId = 6843
end
if((partId == 1642) or (partId == 1843)) then
    ar1.ProfileConfig(0, 77, 10, 6, 65, 0, 0, 0, 0, 0, 0, 60, 1, 256, 5000, 0, 0, 30)
elseif(partId == 6843) then
    ar1.ProfileConfig(0, 60, 10, 6, 65, 0, 0, 0, 0, 0, 0, 45, 1, 128, 5000, 0, 0, 30)
end
{SCRIPT[SCRIPT.index('LOOPS') :].replace('ar1.SelectChipVersion(CHIP)', '').replace(PROFILE, '')}"""


def test_branches_by_part(tmp_path):
    """As in TI's scripts, which ask the radar what it is."""
    with pytest.raises(
        ConfigError, match="line 11: .* ProfileConfig.*depends on partId.*or name the board, as board='xW"
    ):
        read(tmp_path, BY_PART)
    assert read(tmp_path, BY_PART, 'xWR1843') == read(tmp_path, SCRIPT)
    at_60_ghz = read(tmp_path, BY_PART, 'xWR6843AOP')
    assert at_60_ghz.num_samples == 128 and at_60_ghz.start_frequency_hz == pytest.approx(60.27e9)
    known = BY_PART.replace('if((partId', 'partId = 1843\nif((partId', 1)
    assert read(tmp_path, known) == read(tmp_path, SCRIPT)
    two = known.replace('FrameConfig(0, 2', 'FrameConfig(0, 1')
    assert read(tmp_path, two).tx_positions == ((0.0, 0.0), (2.0, 1.0))
    assert read(tmp_path, two.replace('partId = 1843\nif', 'partId = 1642\nif')).tx_positions == (
        (0.0, 0.0),
        (4.0, 0.0),
    )


def test_branches_that_agree_need_no_answer(tmp_path):
    text = SCRIPT.replace(PROFILE, f'if partId == 1642 then\n{PROFILE}\nelse\n{PROFILE}\nend')
    assert read(tmp_path, text) == read(tmp_path, SCRIPT)


def test_studio_selects_several_chips(tmp_path):
    """As a public script does that is named after the first: two transmitters stand elsewhere on each."""
    text = SCRIPT.replace('FrameConfig(0, 2', 'FrameConfig(0, 1').replace(
        'ar1.SelectChipVersion(CHIP)', 'ar1.SelectChipVersion("AR1642")\nar1.SelectChipVersion("XWR1843")'
    )
    with pytest.raises(ConfigError, match="differ between xWR1642, xWR1843; name the board, as board='xWR1642'"):
        read(tmp_path, text)
    assert read(tmp_path, text, 'xWR1642').tx_positions == ((0.0, 0.0), (4.0, 0.0))


def test_places_of_a_chip_without_known_boards_are_not_known(tmp_path):
    assert read(tmp_path, SCRIPT.replace('XWR1843', 'XWR2243')).tx_positions is None


def test_a_6843_may_be_on_several_boards(tmp_path):
    text = SCRIPT.replace('XWR1843', 'XWR6843').replace('START = 77', 'START = 60')
    assert read(tmp_path, text).tx_positions is None
    assert read(tmp_path, text, 'xWR6843ISK').tx_positions == ((0.0, 0.0), (2.0, 1.0), (4.0, 0.0))


@pytest.mark.parametrize(
    'old, new, message',
    [
        ('START = 77', '-- START = 77', 'line 9, ProfileConfig: its argument 2, START, is not a number'),
        ('START = 77', 'START = get_start() / 2', 'its argument 2, START, is not a number'),
        ('START = 77', 'START = "77"', 'its argument 2, START, is not a number'),
        ('START = 77', 'START = 1e308 * 10', 'its argument 2, START, is not a number'),
        ('START = 77', 'START = 77\nwhile x do START = START + 1 end', 'its argument 2, START, is not a number'),
        ('START = 77', 'for i = 1, n do START = i end', 'its argument 2, START, is not a number'),
        (', SAMPLES,', ', P[SAMPLES],', r'its argument 14, P\[SAMPLES\], is not a number'),
        ('(CHIP)', '(chip)', 'line 6, SelectChipVersion: expected the name of a chip'),
        (PROFILE, f'while ready() do\n{PROFILE}\nend', 'line 9: ProfileConfig is used in a loop whose end'),
        (PROFILE, f'for i = 1, n do\n{PROFILE}\nend', 'line 9: ProfileConfig is used in a loop whose bounds'),
        (PROFILE, f'function f() {PROFILE} end\nrepeat f() until g()', 'line 10: ProfileConfig is used in a loop'),
        (PROFILE, f'pcall(function() return {PROFILE} end)', 'line 9: ProfileConfig is used in a function that'),
        (PROFILE, 'function f() f() end f()', 'too deep to follow'),
        (PROFILE, 'for i = 1, 1e9 do end', 'line 9: runs too long to follow'),
        (PROFILE, 'if START then else if', 'cannot be read as Lua'),
        (PROFILE, 'START = "77', 'line 9: cannot be read as Lua from'),
        (PROFILE, 'end', "line 9: cannot be read as Lua: a statement expected, 'end' found"),
        (PROFILE, PROFILE.replace('0, 0, 30)', '0, 0)'), 'line 9, ProfileConfig: 18 numbers expected, 17 found'),
        ('ar1.FrameConfig(0', 'ar1.AdvChirpConfig(1)\nar1.FrameConfig(0', 'line 13, AdvChirpConfig: advanced chirps'),
        ('0, 0, 0, 0, 1, 0, 0)', '0, 0, 0, 0, 2, 0, 0)', 'ChirpConfig: switches must be 0 or 1, found 2, 0, 0'),
        ('0, 0, 0, 0, 1, 0, 0)', '0, 0, 0, 0, 1, 0, 0, 0)', 'ChirpConfig: the arguments of a radar with four tr'),
        ('0, 0, 0, 0, 1, 0, 0)', '0, 0, 0, 0, 1, 1, 0)', 'beamforming or BPM'),
        ('ar1.FrameConfig(0', 'ar1.AdvanceFrameConfig(4, 1536)--', 'sub-frames .AdvanceFrameConfig, like advFrameCfg'),
        ('ar1.FrameConfig(0', 'ar1.FrameConfig_mult(1, 0', r'a cascade of several radar chips \(FrameConfig_m'),
        ('ar1.FrameConfig(0', 'ar1.BPMChirpConfig(0, 0, 0, 1)\nar1.FrameConfig(0', 'binary phase modulation'),
        ('ar1.FrameConfig(0', 'ar1.ContStrConfig(0)\nar1.FrameConfig(0', 'continuous streaming'),
        ('ar1.LVDSLaneConfig(0, 1, 1', 'ar1.LVDSLaneConfig(0, 1, 0', 'num_lanes must be one of 2, 4, found 1'),
    ],
)  # fmt: skip
def test_what_is_not_read_is_named(tmp_path, old, new, message):
    assert SCRIPT.count(old) == 1
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, SCRIPT.replace(old, new))


@pytest.mark.parametrize(
    'expression, value',
    [
        ('1 + 2 * 3 ^ 2 ^ 1 - 4 / 2 % 3', 17.0),
        ('-2 ^ 2', -4.0),
        ('(1 + 2) * 3', 9.0),
        ('not nil == true', True),
        ('1 < 2 and 2 ~= 3 or x', True),
        ('x and false', False),
        ('x or true', True),
        ('x and true', UNKNOWN),
        ('false or nil', None),
        ('0 and 5', 5.0),
        ('x + 1', UNKNOWN),
        ('1 / 0', UNKNOWN),
        ('0 / 0 == 1', UNKNOWN),
        ('"a" == "a"', True),
        ('1 == "1"', False),
        ('"a" .. 1', UNKNOWN),
        ('#t', UNKNOWN),
        ('{1, 2, k = 3}[2]', UNKNOWN),
        ('f{1}', UNKNOWN),
        ('1 // 2 & 3', UNKNOWN),
    ],
)
def test_expressions(expression, value):
    script = f'r = {expression} ar1.f(r)' if expression != '{1, 2, k = 3}[2]' else 't = {1, 2, k = 3} r = x[2] ar1.f(r)'
    calls, names = run_script(script, {'f'}, {})
    assert names['r'] is value or names['r'] == value
    assert [call.values for call in calls] == [(names['r'],)]


def test_scopes_and_tables():
    calls, _ = run_script(
        """
        a, b = 1
        local t = {x = 1, {y = 2}}
        t.z = t.x + t[1].y
        function add(n) local c = n + 1 a = c end
        add(t.z)
        do local a = 7 ar1.f(a) end
        ar1.f(a, b, c, t.z, t.nothing)
        for i = 3, 1, -1 do if i == 2 then break end ar1.f(i) end
        function t:go(n) ar1.f(n, self.x) end
        t:go(9)
        if unknown then d = 1 t.x = 2 else d = 2 t.x = 2 end
        ar1.f(d, t.x)
        return
        """,
        {'f'},
        {'given': 1.0},
    )
    assert [call.values for call in calls] == [
        (7.0,), (4.0, UNKNOWN, UNKNOWN, 3.0, UNKNOWN), (3.0,), (9.0, 1.0), (UNKNOWN, 2.0),
    ]  # fmt: skip
    assert [call.line for call in calls] == [7, 8, 9, 10, 13]
    assert run_script('given = 2 ar1.f(given)', {'f'}, {'given': 1.0})[0][0].values == (1.0,)


@pytest.mark.parametrize(
    'script, samples',
    [
        ('n = 256 function p() ar1.f(n) end function g(n) p() end g(128)', 256.0),
        ('n = 256 function p() ar1.f(n) end local n = 128 p()', 256.0),
        ('local n = 256 function p() ar1.f(n) end do local n = 128 p() end', 256.0),
        ('function make(n) get = function() ar1.f(n) end end make(256) n = 128 get()', 256.0),
        ('local n = 1 function set() n = 256 end if x then else end set() ar1.f(n)', 256.0),
        ('local n = 1 function set(v) n = v end if x then set(256) else set(256) end ar1.f(n)', 256.0),
        ('n = 1 function set(v) n = v end if x then set(256) end ar1.f(n)', UNKNOWN),
        ('t = {n = 256} u = t if x then t.n = 1 end ar1.f(u.n)', UNKNOWN),
        ('local function f(n) if n > 0 then f(n - 1) else ar1.f(256) end end f(3)', 256.0),
        ('local a = ar1 a.f(128)', 128.0),
        ('local set = ar1.f set(128)', 128.0),
        ('t = {radar = ar1} t.radar.f(128)', 128.0),
        ('_G.ar1.f(128)', 128.0),
        ('n = 1 _G.n = 128 ar1.f(n)', 128.0),
        ('ar1["f"](128)', 128.0),
        ('function go(radar) radar.f(128) end go(ar1)', 128.0),
        ('n = 256 function f() n = 128 end while x() do f() end ar1.f(n)', UNKNOWN),
        ('n = 256 function f() n = 128 end for i = 1, x do f() end ar1.f(n)', UNKNOWN),
        ('n = 256 function f() n = 128 end function g() f() end repeat g() until x() ar1.f(n)', UNKNOWN),
        ('n = 256 function f() n = 128 end pcall(f) ar1.f(n)', UNKNOWN),
        ('n = 256 pcall(function() n = 128 end) ar1.f(n)', UNKNOWN),
        ('n = 256 m = {} function m.go() n = 128 end while x() do m.go() end ar1.f(n)', UNKNOWN),
        ('t = {n = 256} function f(a) a.n = 128 end pcall(f, t) ar1.f(t.n)', UNKNOWN),
        ('t = {n = 256} function f(a) a.n = 128 end while x() do f(t) end ar1.f(t.n)', UNKNOWN),
        ('n = 256 pcall(function(n) n = 128 end) ar1.f(n)', 256.0),
        ('n = 256 pcall(function() local n = 128 n = 1 end) ar1.f(n)', 256.0),
        ('for k in pairs(t) do if k then goto next end ::next:: end ar1.f(256)', 256.0),
        ('if false then goto done end ar1.f(256) ::done::', 256.0),
    ],
)
def test_names_and_functions_count_as_in_lua(script, samples):
    calls, _ = run_script(script, {'f'}, {})
    assert [call.values for call in calls] == [(samples,)]


@pytest.mark.parametrize('call', ['table.insert(t, 1, 128)', 'table.sort(t)', 'change(t)'])
def test_what_another_function_makes_of_a_table_is_unknown(call):
    (found,), _ = run_script(f't = {{256}} {call} ar1.f(t[1])', {'f'}, {})
    assert found.values == (UNKNOWN,)


@pytest.mark.parametrize(
    'script, message',
    [
        ('ar1.f(256) goto done ar1.f(128) ::done::', 'line 1: goto done is not followed'),
        ('if x then goto done end ar1.f(128) ::done::', 'goto done is not followed'),
        ('while x do goto done end ar1.f(128) ::done::', 'goto done is not followed'),
        ('for i = 1, 2 do goto next ar1.f(i) ::next:: end', 'goto next is not followed'),
        ('if x then a = ar1 end a.f(128)', 'f is called on an unknown value; call it as ar1.f'),
        ('require("radar").f(128)', 'f is called on an unknown value'),
        ('local a = ar1 while x do a.f(128) end', 'f is used in a loop'),
        ('local set = ar1.f while x do set(128) end', 'f is used in a loop'),
        ('m = {} function m.go() ar1.f(128) end while x do m.go() end', 'f is used in a loop'),
        ('pcall(ar1.f, 128)', 'f is used in a function that is passed'),
        ('local set = ar1.f pcall(set, 128)', 'f is used in a function that is passed'),
        ('if x then g = function() ar1.f(128) end end g()', 'what the function g does depends on x'),
        ('function g() end if x then function g() ar1.f(128) end end g()', 'what the function g does depends on x'),
        ('t = {ar1.f, print} t[i](128)', 'does not determine which function of a table is called'),
        ('for i = 1, 3 do if x then break end ar1.f(i) end', 'where a loop ends depends on x'),
        ('for i = 1, 3 do if x then a = 1 else break end end ar1.f(i)', 'where a loop ends depends on x'),
    ],
)
def test_what_cannot_be_followed_is_refused(script, message):
    with pytest.raises(ConfigError, match=message):
        run_script(script, {'f'}, {})
