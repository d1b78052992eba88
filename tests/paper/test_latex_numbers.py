"""Numbers as the manuscript prints them."""

import math

import pytest

from digs.paper.latex_numbers import (
    compact,
    count,
    from_to,
    grouped_integer,
    median_and_interval,
    plain,
    probability,
    scientific,
    uncertain,
)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (plain(0.01234), "0.012"),
        (plain(16125), "16000"),
        (plain(0.0), "0"),
        (scientific(3.04e-6), r"3.0\times10^{-6}"),
        (compact(0.0661), "0.066"),
        (compact(9960), r"1.0\times10^{4}"),
        (compact(1433600), r"1.4\times10^{6}"),
        (compact(-56209), r"-5.6\times10^{4}"),
        (compact(math.inf), r"\infty"),
        (grouped_integer(1234567), r"1\,234\,567"),
        (grouped_integer(1000), "1000"),
        (count(4082.2), "4100"),
        (count(9.99), "10"),
        (count(math.inf), r"\infty"),
        (uncertain(0.9745, 0.0018), r"0.9745 \pm 0.0018"),
        (uncertain(0.7236, 0.0142), r"0.724 \pm 0.014"),
        (uncertain(-0.0071, 0.0023), r"-0.007 \pm 0.002"),
        (uncertain(123.4, 31.0), r"120 \pm 30"),
        (median_and_interval(1.312, 1.434, 1.6551), "1.43^{+0.22}_{-0.12}"),
        (median_and_interval(-30.0, 2.0, 41.0), "2^{+39}_{-32}"),
        (median_and_interval(1.5, 1.5, 1.5), "1.50"),
        (from_to(36.9, 38.7), "37$--$39"),
        (from_to(5.01, 5.02), "5.0"),
        (probability(0.048), "0.048"),
        (probability(3e-5), r"3\times10^{-5}"),
        (probability(1e-300), "<10^{-10}"),
    ],
)
def test_numbers_are_printed_as_a_journal_would(printed, expected):
    assert printed == expected
