"""The label doctor: finds what is wrong with a folder of photos and label maps, says it, and mends a copy."""

from sembla.data.doctor.examine import examine
from sembla.data.doctor.fix import repair
from sembla.data.doctor.report import Fault, Report, as_json, lines

__all__ = ["Fault", "Report", "as_json", "examine", "lines", "repair"]
