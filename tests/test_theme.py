"""Colours can be told apart and read: contrast as WCAG 2 reckons it, differences under colour-vision deficiencies."""

import itertools

import numpy as np
import pytest

from dashboard.theme import DARK, LIGHT, THEMES, text_on, tokens

GROUNDS = ("background", "surface", "sunken", "hover")
# Machado, Oliveira, Fernandes (2009), severity 1, for linear RGB
SIGHTS = {
    "usual": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def linear(colour):
    channels = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    light, dark = sorted((XYZ[1] @ linear(colour) for colour in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(colour, sight):
    ratios = XYZ @ np.clip(SIGHTS[sight] @ linear(colour), 0, 1) / (XYZ @ np.ones(3))
    f = np.where(ratios > 216 / 24389, np.cbrt(ratios), (24389 / 27 * ratios + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def apart(one, other, sight):
    """Return the distance in CIELAB as a sight sees it; about 2 can just be noticed side by side."""
    return float(np.linalg.norm(lab(one, sight) - lab(other, sight)))


def test_black_on_white_has_the_known_contrast():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_text_can_be_read_on_every_ground(theme):
    for ink, ground in itertools.product(("text", "text_secondary", "text_tertiary"), GROUNDS):
        assert contrast(getattr(theme, ink), getattr(theme, ground)) >= 4.5, (ink, ground)
    for ink in ("accent", "loss", "warn", "ok"):
        for ground in ("surface", "background", f"{ink}_weak"):
            assert contrast(getattr(theme, ink), getattr(theme, ground)) >= 4.5, (ink, ground)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_text_can_be_read_on_every_coloured_cell(theme):
    for name, colour in tokens(theme).items():
        if name.startswith("diverging"):
            assert contrast(text_on(colour), colour) >= 4.5, name


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_marks_stand_out_from_the_card(theme):
    marks = {**theme.devices, **{name: getattr(theme, name) for name in ("accent", "loss", "warn_bar", "previous")}}
    for name, colour in marks.items():
        assert contrast(colour, theme.surface) >= 3, name


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("theme", (LIGHT, DARK), ids=lambda theme: theme.name)
def test_scales_can_be_told_apart_with_every_colour_vision(theme, sight):
    for one, other in itertools.pairwise(theme.diverging):
        assert apart(one, other, sight) >= 10, (one, other)
    for below, above in zip(theme.diverging[:3], reversed(theme.diverging[4:]), strict=True):
        assert apart(below, above, sight) >= 25, (below, above)
    for one, other in itertools.pairwise(theme.sequential):
        assert apart(one, other, sight) >= 5, (one, other)
    for one, other in itertools.combinations(theme.devices.values(), 2):
        assert apart(one, other, sight) >= 12, (one, other)
