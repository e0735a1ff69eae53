"""Loads the classes that typical batch jobs use, so that the JVM can archive them when it exits. usage: spark-train.py LAKE"""

import json
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

lake = sys.argv[1]
spark = SparkSession.builder.appName("train").getOrCreate()

rows = [(i, f"title {i}", ["a", "b"], "image" if i % 3 else "video", float(i), i % 7, ["pin"]) for i in range(200)]
posts = spark.createDataFrame(
    rows,
    "key long, title string, tag_list array<string>, media_type string, latitude double, age int, new_sections array<string>",
)
posts = posts.withColumn("timestamp", F.current_timestamp()).withColumn("join_year", F.year("timestamp"))
posts.write.mode("overwrite").option("compression", "zstd").parquet(f"{lake}/posts")

read = spark.read.parquet(f"{lake}/posts")
views = {"by_media": (["media_type"], F.lit(1), "sum"), "by_age": (["age", "join_year"], F.col("key"), "max")}
entries = [
    F.when(
        F.array_contains("new_sections", "pin"),
        F.struct(
            F.lit(name).alias("view"),
            F.array(*[F.col(column).cast("string") for column in columns]).alias("dimensions"),
            value.cast("long").alias("value"),
        ),
    )
    for name, (columns, value, _) in views.items()
]
exploded = read.select(F.explode(F.array_compact(F.array(*entries))).alias("entry")).select("entry.*")
counted = exploded.groupBy("view", "dimensions").agg(F.sum("value").alias("sum"), F.max("value").alias("max")).cache()
counted.orderBy("view", F.desc("sum")).write.mode("overwrite").json(f"{lake}/views")
counted.repartition(2, "view").write.mode("overwrite").partitionBy("view").parquet(f"{lake}/partitioned")
for row in counted.collect():
    json.dumps(row.asDict())
spark.read.json(f"{lake}/views").createOrReplaceTempView("views")
spark.sql("select view, approx_count_distinct(dimensions[0]), percentile(sum, 0.5) from views group by view").collect()
spark.read.text(f"{lake}/views").rdd.map(lambda row: len(row.value)).sum()

# Jobs also write single objects through Hadoop's file system.
jvm = spark._jvm
path = jvm.org.apache.hadoop.fs.Path(f"{lake}/single.json")
system = path.getFileSystem(spark._jsc.hadoopConfiguration())
stream = system.create(path, True)
stream.write(bytearray(b"{}"))
stream.close()
system.listStatus(path.getParent())
spark.stop()
