from itertools import islice

import pytest

from sembla.core.method import Feed


def numbers(feed: Feed, batches: int) -> list[tuple[int, ...]]:
    return list(islice(feed.numbers(), batches))


@pytest.mark.parametrize(("ranks", "accumulate"), [(1, 1), (2, 1), (1, 4), (2, 2), (3, 2)])
def test_the_same_images_make_up_a_step_however_it_is_shared(ranks: int, accumulate: int) -> None:
    part, step = 24 // (ranks * accumulate), 5
    seen = [
        number
        for rank in range(ranks)
        for batch in numbers(Feed(part, start=step * accumulate, rank=rank, ranks=ranks), accumulate)
        for number in batch
    ]
    assert sorted(seen) == list(range(24 * step, 24 * (step + 1)))


def test_a_feed_that_starts_later_gives_what_follows() -> None:
    assert numbers(Feed(3, rank=1, ranks=2), 5)[2:] == numbers(Feed(3, start=2, rank=1, ranks=2), 3)
