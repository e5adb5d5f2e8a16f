"""A query → a table of event ids, for testing thousands of records at once."""

import numpy as np
from numpy.typing import NDArray

from evtscan.base.model.query import Query

EVENT_IDS = 1 << 16
"""Number of possible event ids, which have 16 bits."""


def allowed_ids(query: Query) -> NDArray[np.bool_]:
    """Return for each event id whether the id ranges of a query allow it."""
    allowed = np.full(EVENT_IDS, query.include_ids is None)
    for ranges, value in ((query.include_ids or (), True), (query.exclude_ids, False)):
        for numbers in ranges:
            allowed[[number for number in numbers if 0 <= number < EVENT_IDS]] = value
    return allowed
