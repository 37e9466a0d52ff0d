"""What travels between page and server for portraits."""

from typing import Annotated

from pydantic import BaseModel, Field, StrictBool, StrictInt

from sembla.core.types import MAX_CLASSES

__all__ = ["PortraitAsk", "PortraitCard", "PortraitCards", "Resemblance"]


class PortraitAsk(BaseModel):
    """What a live request asks of a portrait, beside photo, parts and layout."""

    model: str = Field(max_length=200, description="Who makes it, as `PortraitCard.name` says.")
    reference: str | None = Field(default=None, max_length=100, description="The photo of another face, or null.")
    lent: list[StrictInt] = Field(
        default=[], max_length=MAX_CLASSES, description="Parts that look as those of the reference."
    )
    drawn: dict[int, Annotated[StrictInt, Field(ge=0, le=2**53 - 1)]] = Field(
        default={}, max_length=MAX_CLASSES, description="Parts whose look is drawn, and the seed of each."
    )
    whole: StrictBool = Field(default=False, description="Make all of the face, of looks alone.")


class PortraitCard(BaseModel):
    """A model that makes portraits, and sees the parts of faces itself, in the classes of CelebAMask-HQ."""

    name: str
    title: str


class PortraitCards(BaseModel):
    """All that makes portraits here."""

    models: list[PortraitCard]
    problems: list[str] = Field(description="Why others cannot be used.")


class Resemblance(BaseModel):
    """How much a finished portrait is the photo's person."""

    distance: float | None = Field(description="By dlib; 0.6 and more is somebody else. Null without the extra faces.")
    notes: list[str] = Field(description="What there is to say of it, such as parts that nobody shows.")
