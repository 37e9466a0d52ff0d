"""The label doctor: finds what is wrong with a folder of photos and label maps, says it, and mends a copy."""

from sembla.data.doctor.examine import examine
from sembla.data.doctor.fix import Mended, check_place, repair
from sembla.data.doctor.report import Fault, Report, as_json, lines
from sembla.data.doctor.single import examine_pair

__all__ = [
    "Fault",
    "Mended",
    "Report",
    "as_json",
    "check_place",
    "examine",
    "examine_pair",
    "lines",
    "repair",
]
