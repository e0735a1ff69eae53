"""Computes every batch view of some intervals in one pass over their posts.

A view is a grouping: a key made of columns, and a value (1, or a column) that merges by sum or by maximum. The views come
as JSON, generated from the definition that the speed layer uses, so this file contains no logic of a view. Each post
becomes one row for each view that counts it, and one aggregation serves all views of all intervals.

Runs on EMR Serverless (Spark 3.5, Python 3.9) and on a laptop:

    spark-submit batch_views.py --lake s3://BUCKET --views s3://BUCKET/jobs/views.json --plan s3://BUCKET/plan/views.json --run ID

The plan is JSON with the id of a run and the names of its intervals; ``--intervals 2026-11-22T21-00,…`` names them instead.

Reads ``manifests/interval=….json`` and the files that it names; writes ``views/interval=…/<view>.ndjson`` for every view, then
``views/interval=…/_SUCCESS``. Keys follow from the interval alone, so a rerun overwrites itself.

Rows are sorted by their dimensions, integers by value and text by its UTF-8 bytes, and written as they come: the driver holds
a block of rows, however many keys a view has.
"""

import argparse
import hashlib
import itertools
import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor

from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F

SPARK_TYPES = {
    "string": "string",
    "int": "int",
    "long": "bigint",
    "double": "double",
    "timestamp": "timestamp",
    "string[]": "array<string>",
}
INTERVAL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}")

# Number in place of a view: the same aggregation counts the rows of the files per partition, to compare with the manifest.
ROWS = -1

# Bytes of Parquet per shuffle partition: as much as one task aggregates without spilling.
BYTES_PER_TASK = 32 * 1024 * 1024
MAX_SHUFFLE_PARTITIONS = 400

CONCURRENT_WRITES = 8

# Lines of an object that are held until they are written.
BLOCK_LINES = 20_000

# U+001F: the cleaning leaves no control character in a value.
SEPARATOR = "\x1f"


class Lake:
    """Accesses the lake through Hadoop's file systems: S3 on EMR, local files in tests, with the permissions of the job's role."""

    def __init__(self, spark, root):
        self.jvm = spark.sparkContext._jvm
        self.conf = spark.sparkContext._jsc.hadoopConfiguration()
        self.root = root.rstrip("/")

    def path(self, key):
        return self.root + "/" + key

    def _file_system(self, path):
        hadoop_path = self.jvm.org.apache.hadoop.fs.Path(path)
        return hadoop_path.getFileSystem(self.conf), hadoop_path

    def read(self, path):
        fs, hadoop_path = self._file_system(path)
        stream = fs.open(hadoop_path)
        try:
            return self.jvm.org.apache.commons.io.IOUtils.toString(stream, "UTF-8")
        finally:
            stream.close()

    def exists(self, path):
        fs, hadoop_path = self._file_system(path)
        return fs.exists(hadoop_path)

    def create(self, path):
        """A stream of bytes. Closing it is what makes an object of S3 appear, whole."""
        fs, hadoop_path = self._file_system(path)
        return fs.create(hadoop_path, True)

    def write(self, path, text):
        stream = self.create(path)
        stream.write(bytearray(text, "utf-8"))
        stream.close()


def compact_json(value):
    """JSON without spaces: all views engines write the same bytes."""
    return json.dumps(value, separators=(",", ":"))


class ViewObject:
    """A view of an interval as an object: a head, a line of JSON a row, and a last line that says how many they are."""

    def __init__(self, lake, interval, view):
        self.lake = lake
        self.path = lake.path(view_key(interval, view))
        self.lines = [compact_json({"view": view, "interval": interval})]
        self.stream = None
        self.rows = 0

    def add(self, line):
        self.lines.append(line)
        self.rows += 1
        if len(self.lines) >= BLOCK_LINES:
            self._flush()

    def close(self):
        self.lines.append(compact_json({"rows": self.rows}))
        self._flush()
        self.stream.close()

    def _flush(self):
        if self.stream is None:
            self.stream = self.lake.create(self.path)
        self.stream.write(bytearray("".join(line + "\n" for line in self.lines), "utf-8"))
        self.lines = []


def manifest_key(interval):
    return "manifests/interval={}.json".format(interval)


def posts_key(interval, partition):
    return "posts/interval={}/partition={:04d}.parquet".format(interval, partition)


def view_key(interval, view):
    return "views/interval={}/{}.ndjson".format(interval, view)


def success_key(interval):
    return "views/interval={}/_SUCCESS".format(interval)


def key_text(name, kind):
    """A dimension as text, null if the value is null: the keys of all layers consist of such texts."""
    column = F.col(name)
    if kind == "string":
        return column
    if kind == "timestamp":
        return F.date_format(column, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")
    if kind in ("int", "long"):
        return column.cast("string")
    raise ValueError("dimension {} must be a string, an integer or a timestamp, got {}".format(name, kind))


def joined(texts):
    """Joins texts with a separator; null if one text is null (as in ``concat``), so such a post is left out."""
    parts = []
    for text in texts:
        parts += [F.lit(SEPARATOR), text] if parts else [text]
    return F.concat(*parts)


def contribution(number, view, types):
    """What a post adds to a view: (view, key, value), with a null key if it adds nothing."""
    sections = F.array(*[F.lit(section) for section in view["sections"]])
    counts = F.arrays_overlap(F.col("new_sections"), sections)
    counts &= F.size(F.array_except(sections, F.col("sections"))) == 0
    value = F.lit(1)
    if "value" in view:
        value = F.col(view["value"])
        counts &= value.isNotNull()
    key = joined([key_text(name, types[name]) for name in view["dimensions"]])
    return F.struct(
        F.lit(number).alias("view"),
        F.when(counts, key).alias("key"),
        value.cast("bigint").alias("value"),
    )


def json_row(view, types, value):
    """A key with its value as a JSON array. Integers are written as integers, everything else as strings."""
    parts = []
    for at, name in enumerate(view["dimensions"]):
        text = F.split("key", SEPARATOR).getItem(at)
        # Cleaned values contain no control characters, so JSON requires escapes only for these two.
        escaped = F.replace(F.replace(text, F.lit("\\"), F.lit("\\\\")), F.lit('"'), F.lit('\\"'))
        quoted = F.concat(F.lit('"'), escaped, F.lit('"'))
        parts += [text if types[name] in ("int", "long") else quoted, F.lit(",")]
    return F.concat(F.lit("["), *parts, value.cast("string"), F.lit("]"))


def columns_used(views):
    names = []
    for view in views:
        for name in view["dimensions"] + ([view["value"]] if "value" in view else []):
            if name not in names:
                names.append(name)
    return names


def read_posts(spark, lake, manifests, views):
    """Reads the posts of all intervals, with the columns that some view uses, from all files that the manifests list."""
    # Posts of a version that did not have a column read it as null.
    types = {}
    for view in views:
        types.update(view.get("columns", {}))
    for manifest in manifests:
        types.update(manifest["columns"])
    used = columns_used(views)
    unknown = [name for name in used if name not in types]
    if unknown:
        raise ValueError("columns {} of the views are not in the posts of the intervals".format(", ".join(unknown)))
    names = ["interval_start", "kafka_partition", "sections", "new_sections"] + used
    # A given schema avoids reading a file's footer first, and reads a column that was added later as null in older
    # intervals.
    schema = ", ".join("`{}` {}".format(name, SPARK_TYPES[types[name]]) for name in names)
    paths = [
        lake.path(posts_key(manifest["interval"], part["partition"]))
        for manifest in manifests
        for part in manifest["partitions"]
        if part["rows"] > 0
    ]
    if not paths:
        return None, types
    return spark.read.schema(schema).parquet(*paths), types


def best_of_groups(counted, views, types):
    """Of each group of a view with ``top`` the rows with the largest values, and of equal ones the first in the order of a run."""
    ranked = [(number, view["top"]) for number, view in enumerate(views) if "top" in view]
    if not ranked:
        return counted
    # Views without groups have one for each key, of which it is the best.
    group, keep = F.col("key"), F.lit(1)
    for number, top in ranked:
        this = F.col("view") == number
        group = F.when(this, F.substring_index("key", SEPARATOR, top["groupBy"])).otherwise(group)
        keep = F.when(this, F.lit(top["keep"])).otherwise(keep)
    within = Window.partitionBy("interval_start", "view", group).orderBy(F.col("value").desc(), *run_order(views, types))
    return counted.withColumn("rank", F.row_number().over(within)).where(F.col("rank") <= keep)


def run_order(views, types):
    """The columns that sort the rows of a view by its dimensions: integers by value, text by its UTF-8 bytes."""
    order = []
    for at in range(max(len(view["dimensions"]) for view in views)):
        whole = [
            number
            for number, view in enumerate(views)
            if at < len(view["dimensions"]) and types[view["dimensions"][at]] in ("int", "long")
        ]
        text = F.split("key", SEPARATOR).getItem(at)
        is_whole = F.col("view").isin(whole)
        order += [F.when(is_whole, text.cast("bigint")), F.when(~is_whole, text)]
    return order


def aggregate(posts, types, views):
    """One row for each interval, view and key, those of a view together and in order. What the files hold comes first."""
    rows = F.struct(
        F.lit(ROWS).alias("view"),
        F.col("kafka_partition").cast("string").alias("key"),
        F.lit(1).cast("bigint").alias("value"),
    )
    contributions = [contribution(number, view, types) for number, view in enumerate(views)]
    merged = (
        posts.select("interval_start", F.inline(F.array(rows, *contributions)))
        .where(F.col("key").isNotNull())
        .groupBy("interval_start", "view", "key")
        .agg(F.sum("value").alias("total"), F.max("value").alias("largest"))
    )
    by_maximum = [number for number, view in enumerate(views) if view["merge"] == "max"]
    value = F.when(F.col("view").isin(by_maximum), F.col("largest")).otherwise(F.col("total"))
    counted = merged.select("interval_start", "view", "key", value.alias("value"))
    line = F.concat(F.lit("["), F.col("key"), F.lit(","), F.col("value").cast("string"), F.lit("]"))
    for number, view in enumerate(views):
        line = F.when(F.col("view") == number, json_row(view, types, F.col("value"))).otherwise(line)
    return (
        best_of_groups(counted, views, types)
        .orderBy(F.col("view") != ROWS, "interval_start", "view", *run_order(views, types))
        .select("interval_start", "view", line.alias("line"))
    )


def check_rows(manifests, counted):
    """The files must contain what the manifests state: a truncated or replaced file must not become a smaller view."""
    for manifest in manifests:
        for part in manifest["partitions"]:
            found = counted.get((manifest["interval"], part["partition"]), 0)
            if found != part["rows"]:
                raise ValueError(
                    "partition {} of interval {} must have {} rows as in its manifest, got {}".format(
                        part["partition"], manifest["interval"], part["rows"], found
                    )
                )


def digest(text):
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def compute(spark, lake, views, intervals, definition=None):
    """Computes and writes all views of the intervals. Returns the number of keys by interval and view.

    ``definition`` is the digest of the view list. It is stored with the digest of the manifest: together they show whether the views
    are those of the present manifest and view list.
    """
    texts = [lake.read(lake.path(manifest_key(interval))) for interval in intervals]
    manifests = [json.loads(text) for text in texts]
    size = sum(part["bytes"] for manifest in manifests for part in manifest["partitions"])
    tasks = min(MAX_SHUFFLE_PARTITIONS, 2 + size // BYTES_PER_TASK)
    spark.conf.set("spark.sql.shuffle.partitions", str(tasks))
    # Keys are text made from UTC instants.
    spark.conf.set("spark.sql.session.timeZone", "UTC")

    posts, types = read_posts(spark, lake, manifests, views)
    found = aggregate(posts, types, views).toLocalIterator() if posts is not None else iter(())
    counted = {}
    rest = iter(())
    for row in found:
        if row["view"] != ROWS:
            rest = itertools.chain([row], found)
            break
        partition, rows = json.loads(row["line"])
        counted[row["interval_start"], partition] = rows
    check_rows(manifests, counted)

    keys = {interval: {view["name"]: 0 for view in views} for interval in intervals}
    with ThreadPoolExecutor(CONCURRENT_WRITES) as pool:
        closing = []
        for (interval, number), group in itertools.groupby(rest, key=lambda row: (row["interval_start"], row["view"])):
            name = views[number]["name"]
            written = ViewObject(lake, interval, name)
            for row in group:
                written.add(row["line"])
            keys[interval][name] = written.rows
            closing.append(pool.submit(written.close))
        for interval in intervals:
            for name in (name for name, rows in keys[interval].items() if rows == 0):
                closing.append(pool.submit(ViewObject(lake, interval, name).close))
        for each in closing:
            each.result()
    # Last, and only when everything else is there: who finds it finds every view of the interval.
    for text, manifest in zip(texts, manifests):
        interval = manifest["interval"]
        done = {"interval": interval, "rows": manifest["rows"], "views": keys[interval], "manifest": digest(text)}
        if definition is not None:
            done["definition"] = definition
        lake.write(lake.path(success_key(interval)), compact_json(done) + "\n")
    return keys


def names_of(intervals):
    """Raises ValueError for a name that is not one of an interval."""
    for interval in intervals:
        if not isinstance(interval, str) or not INTERVAL.fullmatch(interval):
            raise ValueError("intervals must be names like 2026-11-22T21-00, got '{}'".format(interval))
    return intervals


def is_current(lake, interval, definition):
    """Whether the views of the interval are there, of this manifest and of this view list."""
    success = lake.path(success_key(interval))
    if not lake.exists(success):
        return False
    done = json.loads(lake.read(success))
    manifest = digest(lake.read(lake.path(manifest_key(interval))))
    return done.get("manifest") == manifest and done.get("definition") == definition


def planned(lake, path, run, definition):
    """The intervals whose views a run needs and are not current. None where the list is another run's: it has nothing to do then."""
    if not lake.exists(path):
        return []
    plan = json.loads(lake.read(path))
    wanted = names_of(plan["intervals"]) if plan["run"] == run else []
    return [interval for interval in wanted if not is_current(lake, interval, definition)]


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lake", required=True, help="the lake: s3://BUCKET or a folder")
    parser.add_argument("--views", required=True, help="JSON file of the view list")
    work = parser.add_mutually_exclusive_group(required=True)
    work.add_argument("--plan", help="JSON with a run and the names of its intervals")
    work.add_argument("--intervals", help="names of the intervals, separated by commas")
    parser.add_argument("--run", help="id of the run, with --plan")
    parsed = parser.parse_args(arguments)
    if (parsed.plan is None) != (parsed.run is None):
        parser.error("--plan and --run go together")
    if parsed.intervals is not None:
        try:
            parsed.intervals = names_of(parsed.intervals.split(","))
        except ValueError as error:
            parser.error("--{}".format(error))
    return parsed


def main(arguments):
    options = parse_arguments(arguments)
    spark = SparkSession.builder.appName("batch_views").getOrCreate()
    try:
        lake = Lake(spark, options.lake)
        views = lake.read(options.views)
        intervals = options.intervals or planned(lake, options.plan, options.run, digest(views))
        # Not every orchestrator can leave this job out where there is nothing to compute.
        keys = compute(spark, lake, json.loads(views), intervals, digest(views)) if intervals else {}
        print(json.dumps({"intervals": len(keys), "keys": sum(sum(views.values()) for views in keys.values())}))
    finally:
        spark.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
