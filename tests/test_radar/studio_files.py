"""Pieces of what mmWave Studio exports, for the tests that write such files."""


def exported_profile():
    """A profile of 256 samples at 77 GHz."""
    return dict(
        profileId=0,
        startFreqConst_GHz=77.0,
        idleTimeConst_usec=10.0,
        adcStartTimeConst_usec=6.0,
        rampEndTime_usec=65.0,
        freqSlopeConst_MHz_usec=60.0,
        numAdcSamples=256,
        digOutSampleRate=5000,
    )
