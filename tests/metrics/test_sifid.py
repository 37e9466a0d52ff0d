import numpy as np
import pytest

from sembla.metrics.sifid import sifid, sifid_name


def test_it_is_the_distance_of_the_gaussians_over_places() -> None:
    """Independent features of one spread, shifted: the distance is the squared shift."""
    places = np.random.default_rng(0).standard_normal((400, 6))
    assert sifid(places + 2, places) == pytest.approx(6 * 4)
    assert sifid(places[::-1], places) == pytest.approx(0, abs=1e-9)  # where a feature stands is of no consequence


def test_its_name_says_the_layer() -> None:
    assert sifid_name(64, "inception:6726825d") == "sifid64[inception:6726825d]"
    assert sifid_name(192, "inception:6726825d") == "sifid192[inception:6726825d]"
