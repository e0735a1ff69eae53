"""The judge between stacks and provisioners: what it refuses, what it writes down, and the order it can turn round."""

import json

import pytest
from emulator.judge import Judge, RefusedError
from emulator.order import latest_name_first

TABLE = "AWS::Cassandra::Table"
COLUMN = {"ColumnName": "id", "ColumnType": "text"}
PROPS = {"KeyspaceName": "ks", "TableName": "tb", "PartitionKeyColumns": [COLUMN]}


class FakeWorld:
    """As much of a world as a test says; asks for anything else fail."""

    def __init__(self, **there):
        self.there = there

    def properties(self, type_name):
        return self.there["resources"].get(type_name, {})

    def bucket_keys(self, bucket):
        return self.there["buckets"].get(bucket)

    def is_versioned(self, bucket):
        return bucket in self.there["versioned"]

    def has_log_group(self, name):
        return name in self.there["groups"]

    def role_allows(self, role, action):
        return action in self.there["roles"].get(role, ())

    def role_of(self, function):
        return self.there["functions"][function]

    def application_state(self, application):
        return self.there["applications"][application]


@pytest.fixture
def judge(registry, tmp_path):
    def make(finish=None, **there):
        return Judge(registry, FakeWorld(**there), {TABLE: "stub"}, tmp_path / "record", finish or {})

    return make


def written(tmp_path):
    file = tmp_path / "record"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def created(type_name, logical_id, props, stack):
    return f"{logical_id}-1", {}


def refused(judge, type_name, props):
    with pytest.raises(RefusedError) as error:
        judge.creating(created)(type_name, "It", props, "s")
    return str(error.value)


def test_a_creation_is_written_down_with_how_it_was_made(judge, tmp_path):
    at_work = judge(resources={"AWS::Cassandra::Keyspace": {"ks": {}}})
    assert at_work.creating(created)(TABLE, "Table", PROPS, "s") == ("Table-1", {})
    (line,) = written(tmp_path)
    assert (line["event"], line["logicalId"], line["physicalId"], line["way"]) == ("create", "Table", "Table-1", "stub")


def test_wrong_properties_are_refused_before_anything_is_made(judge, tmp_path):
    assert "'Columns' was unexpected" in refused(judge(resources={}), TABLE, {**PROPS, "Columns": []})
    assert written(tmp_path) == []


def test_a_table_before_its_keyspace_is_refused(judge):
    assert refused(judge(resources={}), TABLE, PROPS) == "there is no keyspace 'ks'"


def test_a_topic_with_more_copies_than_brokers_is_refused(judge):
    props = {"ClusterArn": "arn:c", "TopicName": "t", "PartitionCount": 1, "ReplicationFactor": 3}
    cluster = {"AWS::MSK::Cluster": {"arn:c": {"NumberOfBrokerNodes": 2}}}
    assert refused(judge(resources=cluster), "AWS::MSK::Topic", props) == "ReplicationFactor must be at most 2, got 3"
    assert refused(judge(resources={}), "AWS::MSK::Topic", props) == "there is no cluster 'arn:c'"


def test_a_function_in_a_network_before_its_rights_is_refused(judge):
    role = "arn:aws:iam::000000000000:role/r"
    props = {"Code": {}, "Role": role, "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}
    message = refused(judge(roles={role: ["ec2:DescribeNetworkInterfaces"]}), "AWS::Lambda::Function", props)
    assert message == "the role r does not allow ec2:CreateNetworkInterface yet"


def airflow(**more):
    return {
        "Name": "air",
        "SourceBucketArn": "arn:aws:s3:::bucket",
        "DagS3Path": "dags",
        "ExecutionRoleArn": "arn:aws:iam::000000000000:role/r",
        "LoggingConfiguration": {"TaskLogs": {"Enabled": True}},
        **more,
    }


RIGHTS = ["airflow:PublishMetrics", "s3:GetObject", "s3:ListBucket", "s3:GetBucketPublicAccessBlock", "sqs:SendMessage"]


@pytest.mark.parametrize(
    ("there", "message"),
    [
        ({"buckets": {}}, "there is no bucket 'bucket'"),
        ({"versioned": []}, "the bucket 'bucket' must be versioned"),
        ({"buckets": {"bucket": ["other"]}}, "there is nothing under 'dags/' in 'bucket' yet"),
        ({"groups": []}, "there is no log group 'airflow-air-Task': MWAA would make one that never expires"),
        ({"roles": {}}, "does not allow airflow:PublishMetrics yet"),
    ],
)
def test_airflow_before_what_it_looks_at_is_refused(judge, there, message):
    whole = {
        "buckets": {"bucket": ["dags/pipeline.py"]},
        "versioned": ["bucket"],
        "groups": ["airflow-air-Task"],
        "roles": {"arn:aws:iam::000000000000:role/r": RIGHTS},
    }
    assert judge(**whole).creating(created)("AWS::MWAA::Environment", "Air", airflow(), "s")
    assert message in refused(judge(**{**whole, **there}), "AWS::MWAA::Environment", airflow())


WORKFLOW = {
    "DefinitionS3Location": {"Bucket": "bucket", "ObjectKey": "workflows/1/pipeline.yaml"},
    "RoleArn": "arn:aws:iam::000000000000:role/r",
    "LoggingConfiguration": {"LogGroupName": "runs"},
}


@pytest.mark.parametrize(
    ("there", "message"),
    [
        ({"buckets": {}}, "there is no bucket 'bucket'"),
        ({"buckets": {"bucket": ["workflows/2/pipeline.yaml"]}}, "there is no 'workflows/1/pipeline.yaml' in 'bucket' yet"),
        ({"roles": {}}, "the role r does not allow s3:GetObject yet"),
        ({"groups": []}, "there is no log group 'runs'"),
    ],
)
def test_a_workflow_before_what_it_looks_at_is_refused(judge, there, message):
    whole = {
        "buckets": {"bucket": ["workflows/1/pipeline.yaml"]},
        "groups": ["runs"],
        "roles": {"arn:aws:iam::000000000000:role/r": ["s3:GetObject"]},
    }
    assert judge(**whole).creating(created)("AWS::MWAAServerless::Workflow", "Flow", WORKFLOW, "s")
    assert refused(judge(**{**whole, **there}), "AWS::MWAAServerless::Workflow", WORKFLOW) == message


@pytest.mark.parametrize("state", ["CREATED", "STARTED", "STOPPED"])
def test_a_spark_application_that_is_started_can_be_neither_updated_nor_deleted(judge, tmp_path, state):
    spark, old = "AWS::EMRServerless::Application", {"Name": "v", "Type": "SPARK", "ReleaseLabel": "emr-7.13.0"}
    there = judge(applications={"00f1": state})
    changes = [
        lambda: there.updating(lambda *_: ("00f1", {}))(spark, "00f1", old, {**old, "ReleaseLabel": "emr-7.14.0"}, "s", "Spark"),
        lambda: there.deleting(lambda *_: None)(spark, "00f1", old, "s", "Spark"),
    ]
    for change in changes:
        if state == "STARTED":
            with pytest.raises(RefusedError, match=r"must be in one of the states \[CREATED, STOPPED\], it is STARTED"):
                change()
        else:
            change()
    assert len(written(tmp_path)) == (0 if state == "STARTED" else 2)


def test_a_bucket_with_objects_cannot_be_deleted(judge, tmp_path):
    gone = []
    full = judge(buckets={"b": ["k"]}).deleting(lambda *args: gone.append(args))
    with pytest.raises(RefusedError, match="not empty: it has 1 objects, 'k' among them"):
        full("AWS::S3::Bucket", "b", {}, "s", "Bucket")
    judge(buckets={"b": []}).deleting(lambda *args: gone.append(args))("AWS::S3::Bucket", "b", {}, "s", "Bucket")
    assert [args[1] for args in gone] == ["b"]
    assert [line["event"] for line in written(tmp_path)] == ["delete"]


def test_a_keyspace_with_tables_cannot_be_deleted(judge):
    there = judge(resources={TABLE: {"ks|tb": {}, "other|tb": {}}})
    with pytest.raises(RefusedError, match=r"still has the tables ks\|tb$"):
        there.deleting(lambda *_: None)("AWS::Cassandra::Keyspace", "ks", {}, "s", "Keyspace")


def test_an_update_is_written_down_with_what_changed_and_nothing_without_a_change(judge, tmp_path):
    change = judge().updating(lambda type_name, physical_id, *_: (physical_id, {}))
    new = {**PROPS, "DefaultTimeToLive": 60}
    change(TABLE, "ks|tb", PROPS, PROPS, "s", "Table", {})
    change(TABLE, "ks|tb", PROPS, new, "s", "Table", {})
    assert [(line["event"], line["changed"]) for line in written(tmp_path)] == [("update", ["DefaultTimeToLive"])]


def test_a_new_identity_is_a_replacement(judge, tmp_path):
    change = judge().updating(lambda *_: ("ks|new", {}))
    change(TABLE, "ks|tb", PROPS, {**PROPS, "TableName": "new"}, "s", "Table", {})
    assert [(line["event"], line["physicalId"]) for line in written(tmp_path)] == [("replace", "ks|new")]


def test_what_is_left_to_do_is_done_after_creation_and_update(judge):
    done = []
    at_work = judge(finish={"AWS::SQS::Queue": lambda pid, props: done.append((pid, props))})
    at_work.creating(created)("AWS::SQS::Queue", "Q", {}, "s")
    at_work.updating(lambda *_: ("Q-1", {}))("AWS::SQS::Queue", "Q-1", {}, {"DelaySeconds": 1}, "s", "Q", {})
    assert done == [("Q-1", {}), ("Q-1", {"DelaySeconds": 1})]


def needs(definition, names):
    return {name for name in definition.get("Needs", []) if name in names}


def test_the_turned_order_takes_the_last_in_the_alphabet_that_is_ready():
    resources = {"A": {}, "B": {"Needs": ["Z"]}, "C": {}, "Z": {}}
    assert latest_name_first(needs)(resources, {}) == ["Z", "C", "B", "A"]


def test_the_turned_order_leaves_out_what_its_condition_leaves_out():
    resources = {"A": {"Needs": ["B"]}, "B": {"Condition": "No"}}
    assert latest_name_first(needs)(resources, {"No": False}) == ["A"]


def test_the_turned_order_names_a_circle():
    with pytest.raises(ValueError, match="Circular dependency detected among resources: A, B"):
        latest_name_first(needs)({"A": {"Needs": ["B"]}, "B": {"Needs": ["A"]}, "C": {}}, {})
