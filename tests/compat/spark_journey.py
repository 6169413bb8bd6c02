"""Scores a Spark DataFrame by models of the registry, whose address is the only one that MLflow is configured with, and
prints the scores by the URIs of the models, which are the arguments."""

import json
import sys

import mlflow
from pyspark.sql import SparkSession

spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.host", "127.0.0.1")
    .getOrCreate()
)
frame = spark.createDataFrame([(1.0,), (10.0,), (-2.0,)], ["x"])
scores = {}
for uri in sys.argv[1:]:
    score = mlflow.pyfunc.spark_udf(spark, uri, result_type="double", env_manager="local")
    rows = frame.withColumn("score", score("x")).collect()
    scores[uri] = {row["x"]: round(row["score"], 6) for row in rows}
print(json.dumps({"spark": spark.version, "mlflow": mlflow.__version__, "scores": scores}))
spark.stop()
