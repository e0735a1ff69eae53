"""The Spark job on real Spark: posts and manifests on disk, views compared with values computed by hand."""

import datetime
import hashlib
import itertools
import json
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "spark"))

import batch_views  # noqa: E402

A = "2026-11-22T21-00"
B = "2026-11-22T22-00"

COLUMNS = {
    "post_key": "long",
    "interval_start": "string",
    "kafka_partition": "int",
    "first_offset": "long",
    "sections": "string[]",
    "new_sections": "string[]",
    "category": "string",
    "follower_count": "long",
    "poster_name": "string",
    "arrival_minute": "timestamp",
    "country": "string",
    "post_year": "int",
}

VIEWS = [
    {"name": "by_category", "dimensions": ["category"], "merge": "sum", "sections": ["pin"]},
    {"name": "by_country_year", "dimensions": ["country", "post_year"], "merge": "sum", "sections": ["geo"]},
    {"name": "by_country_category", "dimensions": ["country", "category"], "merge": "sum", "sections": ["pin", "geo"]},
    {"name": "by_minute", "dimensions": ["arrival_minute"], "merge": "sum", "sections": ["pin"]},
    {"name": "by_followers", "dimensions": ["category", "follower_count"], "merge": "sum", "sections": ["pin"]},
    {
        "name": "top_poster",
        "dimensions": ["country", "poster_name"],
        "merge": "max",
        "value": "follower_count",
        "top": {"groupBy": 1, "keep": 2},
        "sections": ["pin", "geo"],
    },
]

PIN = ["pin"]
GEO = ["geo"]
BOTH = ["pin", "geo"]


def post(key, sections, new, category=None, followers=None, poster=None, country=None, year=None):
    minute = datetime.datetime(2026, 11, 22, 21, 5) if "pin" in sections else None
    return (key, None, None, key, sections, new, category, followers, poster, minute, country, year)


@pytest.fixture(scope="session")
def spark():
    from pyspark.sql import SparkSession

    # Spark would resolve the name of the host, which not every machine can.
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        # A test has few rows: less compilation and partitioning saves most of the time.
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .config("spark.sql.shuffle.partitions", "4")
        # Not UTC, so that a job that depends on the machine's time zone fails.
        .config("spark.sql.session.timeZone", "Asia/Tokyo")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture
def lake(spark, tmp_path):
    return Writer(spark, tmp_path)


class Writer:
    """Puts intervals on disk as compaction does, and runs the job on them."""

    def __init__(self, spark, root):
        self.spark = spark
        self.root = root

    def interval(self, name, *partitions, rows_stated=None):
        described = []
        for number, posts in enumerate(partitions):
            rows = [(row[0], name, number) + row[3:] for row in posts]
            if rows:
                self._write(batch_views.posts_key(name, number), rows)
            stated = len(rows) if rows_stated is None else rows_stated
            described.append({"partition": number, "rows": stated, "bytes": 1000 * len(rows)})
        manifest = self.root / batch_views.manifest_key(name)
        manifest.parent.mkdir(exist_ok=True)
        total = sum(part["rows"] for part in described)
        manifest.write_text(json.dumps({"interval": name, "rows": total, "columns": COLUMNS, "partitions": described}))

    def _write(self, key, rows):
        self.spark.conf.set("spark.sql.session.timeZone", "UTC")
        # As DuckDB writes them: instants without a zone.
        types = dict(batch_views.SPARK_TYPES, timestamp="timestamp_ntz")
        schema = ", ".join("{} {}".format(name, types[kind]) for name, kind in COLUMNS.items())
        folder = self.root / "written"
        self.spark.createDataFrame(rows, schema).coalesce(1).write.mode("overwrite").parquet(str(folder))
        (file,) = folder.glob("part-*.parquet")
        target = self.root / key
        target.parent.mkdir(parents=True, exist_ok=True)
        file.rename(target)
        self.spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")

    def run(self, intervals, views=VIEWS):
        lake = batch_views.Lake(self.spark, str(self.root))
        return batch_views.compute(self.spark, lake, views, intervals)

    def view(self, interval, name):
        """The rows, in the order in which they are written."""
        text = (self.root / batch_views.view_key(interval, name)).read_text("utf-8")
        head, *rows, last = [json.loads(line) for line in text.splitlines()]
        assert (head, last) == ({"view": name, "interval": interval}, {"rows": len(rows)})
        return rows


def test_every_view_of_every_interval_has_its_values(lake):
    lake.interval(
        A,
        [
            post(1, BOTH, BOTH, "art", 10, "ann", "Peru", 2018),
            post(2, BOTH, BOTH, "art", 10, "bob", "Peru", 2019),
        ],
        [post(3, BOTH, BOTH, "cars", 7, "cid", "Fiji", 2018)],
    )
    lake.interval(B, [], [post(4, BOTH, BOTH, "art", 9, "ann", "Peru", 2018)])
    lake.run([A, B])
    assert lake.view(A, "by_category") == [["art", 2], ["cars", 1]]
    assert lake.view(B, "by_category") == [["art", 1]]
    assert lake.view(A, "by_country_year") == [["Fiji", 2018, 1], ["Peru", 2018, 1], ["Peru", 2019, 1]]
    assert lake.view(A, "by_country_category") == [["Fiji", "cars", 1], ["Peru", "art", 2]]
    assert lake.view(A, "by_followers") == [["art", 10, 2], ["cars", 7, 1]]
    assert lake.view(A, "top_poster") == [["Fiji", "cid", 7], ["Peru", "ann", 10], ["Peru", "bob", 10]]


def test_integers_stay_integers_and_instants_are_iso_8601_in_utc(lake):
    lake.interval(A, [post(1, BOTH, BOTH, "2018", 12, "ann", "Peru", 2018)])
    lake.run([A])
    assert lake.view(A, "by_category") == [["2018", 1]]
    assert lake.view(A, "by_country_year") == [["Peru", 2018, 1]]
    assert lake.view(A, "by_minute") == [["2026-11-22T21:05:00.000Z", 1]]


def test_a_view_counts_a_post_when_the_last_of_its_sections_is_new(lake):
    lake.interval(A, [post(1, PIN, PIN, "art", 1, "ann")])
    lake.interval(B, [post(1, BOTH, GEO, "art", 1, "ann", "Peru", 2018)])
    lake.run([A, B])
    assert lake.view(A, "by_category") == [["art", 1]]
    assert lake.view(B, "by_category") == []
    assert lake.view(A, "by_country_category") == []
    assert lake.view(B, "by_country_category") == [["Peru", "art", 1]]


def test_a_post_without_a_dimension_or_value_is_left_out_of_that_view_only(lake):
    lake.interval(A, [post(1, BOTH, BOTH, "art", None, "ann", None, 2018), post(2, BOTH, BOTH, "art", None, "b", "Peru", 1)])
    lake.run([A])
    assert lake.view(A, "by_category") == [["art", 2]]
    assert lake.view(A, "by_country_category") == [["Peru", "art", 1]]
    assert lake.view(A, "by_followers") == []
    assert lake.view(A, "top_poster") == []


def test_each_group_retains_its_largest_values_and_of_equals_the_first_by_name(lake):
    posters = [("d", 5), ("ab c", 5), ("ab", 5), ("low", 1), ("ab", 4)]
    peru = [post(i, BOTH, BOTH, "x", count, name, "Peru", 1) for i, (name, count) in enumerate(posters)]
    lake.interval(A, peru + [post(9, BOTH, BOTH, "x", 0, "only", "Fiji", 1)])
    lake.run([A])
    assert lake.view(A, "top_poster") == [["Fiji", "only", 0], ["Peru", "ab", 5], ["Peru", "ab c", 5]]


def test_rows_are_in_the_order_of_a_run_integers_by_value_and_text_by_its_bytes(lake):
    countries = ["Z", "a", "ab", "", "\uffff", "\U00010000", "é"]
    years = [9, 10, -3, 2018]
    lake.interval(A, [post(i, BOTH, BOTH, "x", 1, "p", country, year) for i, (country, year) in enumerate(itertools.product(countries, years))])
    lake.run([A])
    by_bytes = sorted(itertools.product(countries, years), key=lambda row: (row[0].encode(), row[1]))
    assert lake.view(A, "by_country_year") == [[country, year, 1] for country, year in by_bytes]


def test_a_view_of_many_keys_is_written_in_blocks(lake, monkeypatch):
    monkeypatch.setattr(batch_views, "BLOCK_LINES", 7)
    lake.interval(A, [post(i, BOTH, BOTH, "c{:03d}".format(i), 1, "p", "Peru", 1) for i in range(100)])
    lake.run([A])
    assert lake.view(A, "by_category") == [["c{:03d}".format(i), 1] for i in range(100)]


def test_any_text_survives(lake):
    names = ['say "hi"', "back\\slash", "[a, b]", "naïve 😀", "$1", "]"]
    lake.interval(A, [post(i, BOTH, BOTH, name, 1, "p", name, 1) for i, name in enumerate(names)])
    lake.run([A])
    assert lake.view(A, "by_category") == [[name, 1] for name in sorted(names, key=str.encode)]
    assert lake.view(A, "by_country_category") == [[name, name, 1] for name in sorted(names, key=str.encode)]


def test_an_interval_without_posts_gets_empty_views_and_its_success_file(lake):
    lake.interval(A, [], [])
    lake.run([A])
    assert [lake.view(A, view["name"]) for view in VIEWS] == [[]] * len(VIEWS)
    success = json.loads((lake.root / "views/interval={}/_SUCCESS".format(A)).read_text())
    manifest = (lake.root / batch_views.manifest_key(A)).read_bytes()
    assert success.pop("manifest") == hashlib.sha256(manifest).hexdigest()
    assert success == {"interval": A, "rows": 0, "views": {view["name"]: 0 for view in VIEWS}}


def test_success_states_rows_and_keys_and_a_rerun_writes_the_same_bytes(lake):
    lake.interval(A, [post(i, BOTH, BOTH, "c" + str(i % 3), i, "p", "Peru", i) for i in range(20)])
    lake.run([A])
    folder = lake.root / "views" / "interval={}".format(A)
    first = {file.name: file.read_bytes() for file in folder.glob("[!.]*")}
    assert json.loads(first["_SUCCESS"])["rows"] == 20
    assert json.loads(first["_SUCCESS"])["views"]["by_category"] == 3
    lake.run([A])
    assert {file.name: file.read_bytes() for file in folder.glob("[!.]*")} == first


def test_a_file_with_other_rows_than_in_its_manifest_fails_before_anything_is_written(lake):
    lake.interval(A, [post(1, BOTH, BOTH, "art", 1, "ann", "Peru", 2018)], rows_stated=2)
    with pytest.raises(ValueError, match="partition 0 of interval 2026-11-22T21-00 must have 2 rows .*, got 1"):
        lake.run([A])
    assert not (lake.root / "views").exists()


def test_a_missing_file_fails(lake):
    lake.interval(A, [post(1, BOTH, BOTH, "art", 1, "ann", "Peru", 2018)])
    (lake.root / batch_views.posts_key(A, 0)).unlink()
    with pytest.raises(Exception, match="partition=0000.parquet"):
        lake.run([A])
    assert not (lake.root / "views").exists()


def test_a_view_of_an_unknown_column_is_rejected_by_name(lake):
    lake.interval(A, [post(1, PIN, PIN, "art", 1, "ann")])
    with pytest.raises(ValueError, match="columns colour "):
        lake.run([A], [{"name": "v", "dimensions": ["colour"], "merge": "sum", "sections": ["pin"]}])


def test_a_column_that_the_posts_of_an_interval_do_not_have_is_null(lake):
    lake.interval(A, [post(1, PIN, PIN, "art", 1, "ann")])
    colour = {"name": "v", "dimensions": ["category", "colour"], "merge": "sum", "sections": ["pin"]}
    lake.run([A], VIEWS[:1] + [dict(colour, columns={"category": "string", "colour": "string"})])
    assert lake.view(A, "v") == []
    assert lake.view(A, "by_category") == [["art", 1]]


def test_arguments_name_intervals_or_a_plan(capsys):
    where = ["--lake", "s3://l", "--views", "v"]
    parsed = batch_views.parse_arguments(where + ["--intervals", A + "," + B])
    assert parsed.intervals == [A, B]
    assert batch_views.parse_arguments(where + ["--plan", "s3://l/p", "--run", "r"]).plan == "s3://l/p"
    for wrong in (["--intervals", A + ",x"], [], ["--plan", "p", "--run", "r", "--intervals", A], ["--plan", "p"]):
        with pytest.raises(SystemExit):
            batch_views.parse_arguments(where + wrong)
    assert "got 'x'" in capsys.readouterr().err


def test_a_plan_with_a_name_that_is_not_an_interval_is_rejected():
    assert batch_views.names_of([A, B]) == [A, B]
    for wrong in ("../x", 5):
        with pytest.raises(ValueError, match="intervals must be names like"):
            batch_views.names_of([A, wrong])


def test_a_run_computes_what_is_missing_of_its_own_list_and_no_other(lake, spark):
    files = batch_views.Lake(spark, str(lake.root))
    plan = files.path("views.json")
    assert batch_views.planned(files, plan, "one", "d") == []
    (lake.root / "views.json").write_text(json.dumps({"version": 1, "run": "one", "intervals": [A, B]}))
    assert batch_views.planned(files, plan, "one", "d") == [A, B]
    assert batch_views.planned(files, plan, "two", "d") == []
    lake.interval(A, [post(1, BOTH, BOTH, "art", 1, "ann", "Peru", 2018)])
    batch_views.compute(spark, files, VIEWS, [A], "d")
    assert batch_views.planned(files, plan, "one", "d") == [B]
    # Of another list of views, or of another manifest, they are computed again.
    assert batch_views.planned(files, plan, "one", "e") == [A, B]
    manifest = lake.root / batch_views.manifest_key(A)
    manifest.write_text(manifest.read_text() + " ")
    assert batch_views.planned(files, plan, "one", "d") == [A, B]
