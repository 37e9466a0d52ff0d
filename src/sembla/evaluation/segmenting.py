"""How far made pictures show the layouts they were made from, as a named segmenter sees them."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sembla.core.errors import LabelError
from sembla.core.labels import LabelSet
from sembla.core.types import LabelMap, Picture
from sembla.data.labelsets import IGNORE
from sembla.evaluation.measures import Findings, Item, Sources
from sembla.evaluation.reading import contents
from sembla.metrics.agreement import Confusion
from sembla.metrics.protocol import Protocol, Score, score_name

if TYPE_CHECKING:
    from sembla.nn.segmenters import Segmenter

__all__ = ["Agreement"]


class Agreement:
    """Pixel accuracy and mean intersection over union, over the pixels of all pictures together.

    `label_set` is what is known of the label maps' ids. Raises `LabelError` where its classes are not the segmenter's,
    in their order.
    """

    def __init__(
        self, segmenter: "Segmenter", sources: Sources, about: Protocol, *, label_set: LabelSet | None, batch: int
    ) -> None:
        self.names: Collection[str] = sources.made_labelled
        self._segmenter, self._batch = segmenter, batch
        self._waiting: list[tuple[Picture, LabelMap]] = []
        classes = segmenter.label_set
        if label_set is not None and label_set.names != classes.names:
            raise LabelError(
                f"the segmenter {segmenter.label} tells {_told(classes)}, the label maps hold {_told(label_set)}; "
                "name a segmenter of the same classes in the same order, or convert the maps."
            )
        self._ignore = IGNORE if classes.ignore is None else classes.ignore
        self._confusion = Confusion(classes.count, ignore=self._ignore)
        self._maps = sources.made_maps
        self._about = replace(
            about,
            count_made=len(self.names),
            count_real=len(self.names),
            extractor=segmenter.label,
            weights_sha256=segmenter.file.sha256,
            resize=segmenter.resize,
            settings={**about.settings, "classes": ", ".join(classes.names), "ignored_id": self._ignore},
        )

    def look(self, item: Item) -> tuple[Picture, LabelMap]:
        """Decode a made picture and its label map."""
        labels, classes = item.made_labels, self._segmenter.label_set
        strange = np.unique(labels[(labels >= classes.count) & (labels != self._ignore)])
        if len(strange):
            raise LabelError(
                f"the label map of {item.name} holds id {strange[0]}, but the segmenter {self._segmenter.label} tells "
                f"{_told(classes)}, ids 0 to {classes.count - 1}; name another segmenter, or convert the maps."
            )
        return item.made, labels

    def take(self, name: str, looked: tuple[Picture, LabelMap]) -> None:
        """Let it wait for a full batch, or run the network over it."""
        del name
        self._waiting.append(looked)
        if len(self._waiting) == self._batch:
            self._compute()

    def findings(self) -> Findings:
        """Both scores, then the intersection over union of each class that is wanted or seen anywhere."""
        self._compute()
        settings = {**self._about.settings, "labels_sha256": contents(self._maps)}
        return Findings(tuple(self._scores(replace(self._about, settings=settings))))

    def _scores(self, about: Protocol) -> Iterator[Score]:
        values = {"pixel_accuracy": self._confusion.pixel_accuracy, "miou": self._confusion.mean_iou}
        shares = zip(self._segmenter.label_set.names, self._confusion.class_iou, strict=True)
        values |= {f"iou.{name}": float(share) for name, share in shares if not np.isnan(share)}
        for metric, value in values.items():
            yield Score(score_name(metric, self._segmenter.label), value, "0 to 1", "higher", about)

    def _compute(self) -> None:
        waiting, self._waiting = self._waiting, []
        for predicted, (_, wanted) in zip(self._segmenter([made for made, _ in waiting]), waiting, strict=True):
            self._confusion.add(predicted, wanted)


def _told(label_set: LabelSet) -> str:
    """The classes of a label set, shortly: "19 classes (background, skin, nose, ...)"."""
    more = ", ..." if label_set.count > 3 else ""
    return f"{label_set.count} classes ({', '.join(label_set.names[:3])}{more})"
