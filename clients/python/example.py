import os

from botocore.session import Session
from pinterest_pipeline import PipelineClient

keys = Session().get_credentials()
client = PipelineClient(os.environ["INGEST_URL"], os.environ["QUERY_URL"], keys, os.environ["AWS_REGION"])
posts = [{"pin": {"index": index, "category": "art", "follower_count": "12k"}} for index in (7, 8, 9)]
print([result["status"] for result in client.send([*posts, {"pin": {"index": -1, "category": "art"}}])])
print(client.view("posts_by_category"))
