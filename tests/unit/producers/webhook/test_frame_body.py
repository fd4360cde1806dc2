"""A frame that was written by hand: the codec would have written the same bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from producers.webhook.frame_body import encode_frame
from schemas.codec import encode
from schemas.records import SEVERITIES, AlertBatch, AlertEvent, Complaint, Frame, Refusal

LONG = 2**63 - 1
SEVERITY = st.sampled_from(SEVERITIES)
TIME = st.none() | st.integers(-LONG, LONG)
INDEX = st.integers(0, 20_000)
TEXT = st.text(max_size=100)
BYTES = st.binary(max_size=3000)
EVENT = st.builds(
    AlertEvent, INDEX, TEXT, BYTES, st.booleans(), st.none() | SEVERITY, TIME, TIME, BYTES, BYTES, TIME, TIME,
    st.none() | TEXT, st.none() | TEXT, st.none() | TEXT,
)  # fmt: skip
BATCH = st.builds(
    AlertBatch, TEXT, TEXT, TEXT, SEVERITY, TEXT, INDEX,
    st.lists(EVENT, max_size=4), st.lists(st.builds(Refusal, INDEX, TEXT), max_size=3),
    TIME, TEXT, st.lists(st.builds(Complaint, TEXT, INDEX, TEXT), max_size=3),
)  # fmt: skip


@given(st.lists(BATCH, max_size=4))
def test_any_frame_is_written_as_the_codec_writes_it(batches: list[AlertBatch]) -> None:
    assert encode_frame(batches) == encode(Frame(list(batches)))
