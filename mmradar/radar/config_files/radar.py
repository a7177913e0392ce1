"""Conversion of a configuration file's settings to a :class:`RadarConfig`."""

from __future__ import annotations

from mmradar.errors import ConfigError
from mmradar.radar.boards import Board
from mmradar.radar.config import RadarConfig
from mmradar.radar.config_files.antennas import (
    NUM_RX,
    agreed_positions,
    chip_families,
    possible_boards,
    stated_positions,
)
from mmradar.radar.config_files.settings import MOST_CHIRPS, Chirp, Profile, Settings

_SAMPLINGS = {0: 'real', 1: 'complex_1x', 2: 'complex_2x', 3: 'real'}  # 3: pseudo real
_SDK_HEADER_BYTES = 64
_FOUR_LANES = ('12', '14', '22')  # chip families with four LVDS lanes


def radar_of(settings: Settings, board: Board | None = None, words: str = '') -> RadarConfig:
    """Convert a file's settings to a radar configuration.

    Args:
        settings: Content of the file.
        board: The board, if given; its antenna positions override those in the file.
        words: The file's name and text, see :func:`possible_boards`.

    Raises:
        ConfigError: Something is missing, contradictory or not supported.
    """
    (first, last, loops, period_s), rx_mask = _frame_and_receivers(settings)
    indices = range(first, min(last, first + MOST_CHIRPS) + 1)
    chirps = [settings.chirps[index] for index in indices if index in settings.chirps]
    if not chirps or len(chirps) < len(indices):
        raise ConfigError(f'its frame takes chirps {first} to {last}, but only {sorted(settings.chirps)} are set')
    profile = _profile(settings, chirps)
    if any(chirp.varies for chirp in chirps):
        raise ConfigError(
            f'chirps {first} to {last} of its frame depart from their profile (start frequency, slope, idle time or '
            'ADC start time of a chirp), which is not supported'
        )
    if profile.samples != int(profile.samples) or period_s <= 0:
        raise ConfigError(f'{profile.samples:g} samples a chirp and a frame period of {period_s:g} s are impossible')
    sampling = _sampling(settings)
    families = chip_families(settings, profile.start_hz, board)
    boards = possible_boards(settings, families, board, words)
    masks, repeats = _loop([chirp.tx_mask for chirp in chirps], boards)
    transmitters = [mask.bit_length() - 1 for mask in masks]
    receivers = [i for i in range(NUM_RX) if rx_mask >> i & 1]
    if settings.antenna_lines and not board:
        tx_positions, rx_positions = stated_positions(settings.antenna_lines, transmitters, receivers)
    else:
        tx_positions, rx_positions = agreed_positions(boards, len(families) == 1, transmitters, receivers)
    return RadarConfig(
        num_tx=len(masks),
        num_rx=len(receivers),
        num_loops=loops * repeats,
        num_samples=int(profile.samples),
        start_frequency_hz=profile.start_hz + profile.slope_hz_per_s * profile.adc_start_s,
        slope_hz_per_s=profile.slope_hz_per_s,
        sample_rate_hz=profile.rate_hz,
        chirp_period_s=profile.idle_s + profile.ramp_s,
        frame_rate_hz=1 / period_s,
        tx_positions=tx_positions,
        rx_positions=rx_positions,
        sampling=sampling,
        num_lanes=_lanes(settings, families, len(receivers)),
        iq_order='QQII' if settings.q_first and sampling != 'real' else 'IIQQ',
        header_bytes=_SDK_HEADER_BYTES if settings.headers else 0,
    )


def _frame_and_receivers(settings: Settings) -> tuple[tuple[int, int, int, float], int]:
    """Return ``settings.frame`` and the mask of receivers; raise if settings are incomplete or not supported."""
    if settings.sub_frames:
        raise ConfigError(
            f'its frames are made of sub-frames ({settings.sub_frames}); only frames of one kind are supported, as '
            'frameCfg, FrameConfig or rlFrameCfg_t set them'
        )
    parts = {
        'a profile': settings.profiles,
        'a chirp': settings.chirps,
        'a frame': settings.frame,
    }
    missing = [name for name, value in parts.items() if not value]
    if missing or settings.frame is None:
        raise ConfigError(f'does not set {" and ".join(missing)}')
    if settings.rx_mask is None:
        raise ConfigError('does not set its receivers (channelCfg, ChanNAdcConfig, ChannelConfig or rlChanCfg_t)')
    if not 0 < settings.rx_mask < 1 << NUM_RX:
        raise ConfigError(f'its mask of receivers must be 1 to {(1 << NUM_RX) - 1}, found {settings.rx_mask}')
    return settings.frame, settings.rx_mask


def _profile(settings: Settings, chirps: list[Chirp]) -> Profile:
    used = {chirp.profile for chirp in chirps}
    if unset := sorted(used - set(settings.profiles)):
        raise ConfigError(f'its chirps use profile {unset[0]}, which is not set')
    profiles = {settings.profiles[number] for number in used}
    if len(profiles) != 1:
        raise ConfigError(f'its chirps use different profiles, {sorted(used)}; only one is supported')
    return profiles.pop()


def _sampling(settings: Settings) -> str:
    if settings.sampling is None:
        return 'real' if settings.buffers_real else 'complex_1x'
    if settings.sampling not in _SAMPLINGS:
        raise ConfigError(
            f'its ADC output format must be one of {", ".join(map(str, _SAMPLINGS))}, found {settings.sampling}'
        )
    sampling = _SAMPLINGS[settings.sampling]
    if settings.buffers_real is not None and settings.buffers_real != (sampling == 'real'):
        kinds = 'complex', 'real'
        raise ConfigError(
            f'its ADC samples are {kinds[sampling == "real"]} (adcCfg), but the samples it sends are '
            f'{kinds[settings.buffers_real]} (adcbufCfg)'
        )
    return sampling


def _loop(masks: list[int], boards: list[Board]) -> tuple[list[int], int]:
    """Return the transmitter masks of one loop, and how many times the frame's chirps repeat this loop."""
    num_tx = max(len(board.tx_positions) for board in boards) if boards else 4
    if not all(mask.bit_count() == 1 and mask > 0 and mask < 1 << num_tx for mask in masks):
        several = '; several at once mean beamforming or BPM' if any(mask.bit_count() > 1 for mask in masks) else ''
        raise ConfigError(
            f'each chirp must have one of {num_tx} transmitters on (time division); its masks are {masks}{several}'
        )
    length = next((i for i in range(1, len(masks)) if masks[i] in masks[:i]), len(masks))
    repeats, rest = divmod(len(masks), length)
    if rest or masks != masks[:length] * repeats:
        order = ', '.join(f'TX{mask.bit_length()}' for mask in masks)
        raise ConfigError(f'its frame fires {order}; only loops in which each fires once are supported')
    return masks[:length], repeats


def _lanes(settings: Settings, families: set[str], num_rx: int) -> int:
    """Return the number of LVDS lanes, which determines the order of receivers in a recording."""
    if settings.lane_mask is not None:
        return settings.lane_mask.bit_count()
    lanes = {4 if family in _FOUR_LANES else 2 for family in families} or {4 if settings.interleaved else 2}
    if len(lanes) > 1:
        raise ConfigError(f'does not say how many LVDS lanes it uses; {" and ".join(settings.chips)} differ in them')
    if lanes == {2} and settings.interleaved and num_rx > 1:
        raise ConfigError('its receivers are interleaved on two lanes (adcbufCfg), which is not supported')
    return lanes.pop()
