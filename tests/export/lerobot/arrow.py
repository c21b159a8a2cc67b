"""Reads the tables of a dataset with Arrow and pandas, as LeRobot does, and prints them as JSON.

Usage: arrow.py <dataset>
"""

import base64
import json
import math
import sys
from pathlib import Path

import pandas
import pyarrow
import pyarrow.dataset
import pyarrow.parquet

root = Path(sys.argv[1])
info = json.loads((root / "meta/info.json").read_text())


def plain(value):
    """What JSON can carry without a loss."""
    if isinstance(value, float):
        if math.isnan(value) or math.isinf(value):
            return str(value)
        # JavaScript's -0 and Python's must meet.
        return "-0" if value == 0 and math.copysign(1, value) < 0 else value
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value]


def arrow_type(feature):
    if feature["dtype"] == "string":
        return pyarrow.string()
    if feature["dtype"] == "image":
        return pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    element = pyarrow.type_for_alias(feature["dtype"])
    (width,) = feature["shape"]
    return element if width == 1 else pyarrow.list_(element, width)


# The schema that the reader makes of info.json, and casts every file to.
features = {name: each for name, each in info["features"].items() if each["dtype"] != "video"}
schema = pyarrow.schema([(name, arrow_type(each)) for name, each in features.items()])
files = sorted((root / "data").glob("*/*.parquet"))
tables = [pyarrow.parquet.ParquetFile(path).read() for path in files]
for table in tables:
    assert set(table.column_names) == set(schema.names), table.column_names
rows = pyarrow.concat_tables([table.select(schema.names).cast(schema) for table in tables])

# Row groups are told apart by the statistics of their episode.
groups = []
for path in files:
    metadata = pyarrow.parquet.ParquetFile(path).metadata
    for at in range(metadata.num_row_groups):
        chunks = [metadata.row_group(at).column(c) for c in range(metadata.num_columns)]
        (chunk,) = [each for each in chunks if each.path_in_schema == "episode_index"]
        groups.append([chunk.statistics.min, chunk.statistics.max])

filtered = pyarrow.dataset.dataset([str(path) for path in files]).to_table(
    filter=pyarrow.dataset.field("episode_index") == 0
)
episodes = pyarrow.concat_tables(
    [pyarrow.parquet.read_table(path) for path in sorted((root / "meta/episodes").glob("*/*.parquet"))]
)
tasks = pandas.read_parquet(root / "meta/tasks.parquet")
print(
    json.dumps(
        {
            "rows": plain(rows.to_pylist()),
            "groups": groups,
            "first": filtered.num_rows,
            "episodes": plain(episodes.to_pylist()),
            # The text of task i is the name of row i.
            "tasks": [tasks.iloc[at].name for at in range(len(tasks))],
        }
    )
)
