"""The validator between stacks and provisioners: its rejections, its record, and the reversed order."""

import io
import json
import zipfile

import pytest
from emulator.order import latest_name_first
from emulator.validator import RejectedError, Validator

TABLE = "AWS::Cassandra::Table"
COLUMN = {"ColumnName": "id", "ColumnType": "text"}
PROPS = {"KeyspaceName": "ks", "TableName": "tb", "PartitionKeyColumns": [COLUMN]}


class FakeFixture:
    """The state that a test defines. Any other query fails."""

    def __init__(self, **there):
        self.there = there

    def properties(self, type_name):
        return self.there["resources"].get(type_name, {})

    def bucket_keys(self, bucket):
        return self.there["buckets"].get(bucket)

    def code(self, bucket, key):
        return self.there["zips"].get(key)

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
def validator(registry, tmp_path):
    def make(finish=None, **there):
        return Validator(registry, FakeFixture(**there), {TABLE: "stub"}, tmp_path / "record", finish or {})

    return make


def written(tmp_path):
    file = tmp_path / "record"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def created(type_name, logical_id, props, stack):
    return f"{logical_id}-1", {}


def rejected(validator, type_name, props):
    with pytest.raises(RejectedError) as error:
        validator.creating(created)(type_name, "It", props, "s")
    return str(error.value)


def test_a_creation_is_recorded_with_its_maker(validator, tmp_path):
    at_work = validator(resources={"AWS::Cassandra::Keyspace": {"ks": {}}})
    assert at_work.creating(created)(TABLE, "Table", PROPS, "s") == ("Table-1", {})
    (line,) = written(tmp_path)
    assert (line["event"], line["logicalId"], line["physicalId"], line["maker"]) == ("create", "Table", "Table-1", "stub")


def test_wrong_properties_are_rejected_before_anything_is_created(validator, tmp_path):
    assert "'Columns' was unexpected" in rejected(validator(resources={}), TABLE, {**PROPS, "Columns": []})
    assert written(tmp_path) == []


def test_a_table_before_its_keyspace_is_rejected(validator):
    assert rejected(validator(resources={}), TABLE, PROPS) == "there is no keyspace 'ks'"


def test_a_topic_with_more_replicas_than_brokers_is_rejected(validator):
    props = {"ClusterArn": "arn:c", "TopicName": "t", "PartitionCount": 1, "ReplicationFactor": 3}
    cluster = {"AWS::MSK::Cluster": {"arn:c": {"NumberOfBrokerNodes": 2}}}
    assert rejected(validator(resources=cluster), "AWS::MSK::Topic", props) == "ReplicationFactor must be at most 2, got 3"
    assert rejected(validator(resources={}), "AWS::MSK::Topic", props) == "there is no cluster 'arn:c'"


def test_a_function_in_a_network_before_its_permissions_is_rejected(validator):
    role = "arn:aws:iam::000000000000:role/r"
    props = {"Code": {}, "Role": role, "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}
    message = rejected(validator(roles={role: ["ec2:DescribeNetworkInterfaces"]}), "AWS::Lambda::Function", props)
    assert message == "the role r does not allow ec2:CreateNetworkInterface yet"


def zipped(**modes):
    with zipfile.ZipFile(out := io.BytesIO(), "w") as archive:
        for name, mode in modes.items():
            entry = zipfile.ZipInfo(f"{name}.js")
            entry.external_attr = mode << 16
            archive.writestr(entry, "")
    return out.getvalue()


@pytest.mark.parametrize(
    ("type_name", "props"),
    [
        ("AWS::Lambda::Function", {"Code": {"S3Bucket": "bucket", "S3Key": "k"}, "Role": "arn:aws:iam::000000000000:role/r"}),
        ("AWS::Lambda::LayerVersion", {"Content": {"S3Bucket": "bucket", "S3Key": "k"}}),
    ],
)
def test_code_that_others_may_not_read_is_rejected(validator, type_name, props):
    def there(**modes):
        return validator(zips={"k": zipped(**modes)})

    assert there(index=0o100644, cli=0o100755).creating(created)(type_name, "It", props, "s")
    message = rejected(there(index=0o100644, engine=0o100640), type_name, props)
    assert message == "'engine.js' in 'k' has mode 640: functions may not read it"
    assert rejected(validator(zips={}), type_name, props) == "there is no 'k' in 'bucket' yet"


def airflow(**more):
    return {
        "Name": "air",
        "SourceBucketArn": "arn:aws:s3:::bucket",
        "DagS3Path": "dags",
        "ExecutionRoleArn": "arn:aws:iam::000000000000:role/r",
        "LoggingConfiguration": {"TaskLogs": {"Enabled": True}},
        **more,
    }


PERMISSIONS = ["airflow:PublishMetrics", "s3:GetObject", "s3:ListBucket", "s3:GetBucketPublicAccessBlock", "sqs:SendMessage"]


@pytest.mark.parametrize(
    ("there", "message"),
    [
        ({"buckets": {}}, "there is no bucket 'bucket'"),
        ({"versioned": []}, "the bucket 'bucket' must be versioned"),
        ({"buckets": {"bucket": ["other"]}}, "there is nothing under 'dags/' in 'bucket' yet"),
        ({"groups": []}, "there is no log group 'airflow-air-Task': MWAA would create one that never expires"),
        ({"roles": {}}, "does not allow airflow:PublishMetrics yet"),
    ],
)
def test_airflow_before_its_dependencies_is_rejected(validator, there, message):
    whole = {
        "buckets": {"bucket": ["dags/pipeline.py"]},
        "versioned": ["bucket"],
        "groups": ["airflow-air-Task"],
        "roles": {"arn:aws:iam::000000000000:role/r": PERMISSIONS},
    }
    assert validator(**whole).creating(created)("AWS::MWAA::Environment", "Air", airflow(), "s")
    assert message in rejected(validator(**{**whole, **there}), "AWS::MWAA::Environment", airflow())


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
def test_a_workflow_before_its_dependencies_is_rejected(validator, there, message):
    whole = {
        "buckets": {"bucket": ["workflows/1/pipeline.yaml"]},
        "groups": ["runs"],
        "roles": {"arn:aws:iam::000000000000:role/r": ["s3:GetObject"]},
    }
    assert validator(**whole).creating(created)("AWS::MWAAServerless::Workflow", "Flow", WORKFLOW, "s")
    assert rejected(validator(**{**whole, **there}), "AWS::MWAAServerless::Workflow", WORKFLOW) == message


@pytest.mark.parametrize("state", ["CREATED", "STARTED", "STOPPED"])
def test_a_started_spark_application_can_be_neither_updated_nor_deleted(validator, tmp_path, state):
    spark, old = "AWS::EMRServerless::Application", {"Name": "v", "Type": "SPARK", "ReleaseLabel": "emr-7.13.0"}
    there = validator(applications={"00f1": state})
    changes = [
        lambda: there.updating(lambda *_: ("00f1", {}))(spark, "00f1", old, {**old, "ReleaseLabel": "emr-7.14.0"}, "s", "Spark"),
        lambda: there.deleting(lambda *_: None)(spark, "00f1", old, "s", "Spark"),
    ]
    for change in changes:
        if state == "STARTED":
            with pytest.raises(RejectedError, match=r"must be in one of the states \[CREATED, STOPPED\], it is STARTED"):
                change()
        else:
            change()
    assert len(written(tmp_path)) == (0 if state == "STARTED" else 2)


def test_a_bucket_with_objects_cannot_be_deleted(validator, tmp_path):
    gone = []
    full = validator(buckets={"b": ["k"]}).deleting(lambda *args: gone.append(args))
    with pytest.raises(RejectedError, match="not empty: it has 1 objects, 'k' among them"):
        full("AWS::S3::Bucket", "b", {}, "s", "Bucket")
    validator(buckets={"b": []}).deleting(lambda *args: gone.append(args))("AWS::S3::Bucket", "b", {}, "s", "Bucket")
    assert [args[1] for args in gone] == ["b"]
    assert [line["event"] for line in written(tmp_path)] == ["delete"]


def test_a_keyspace_with_tables_cannot_be_deleted(validator):
    there = validator(resources={TABLE: {"ks|tb": {}, "other|tb": {}}})
    with pytest.raises(RejectedError, match=r"still has the tables ks\|tb$"):
        there.deleting(lambda *_: None)("AWS::Cassandra::Keyspace", "ks", {}, "s", "Keyspace")


def test_an_update_is_recorded_with_its_changes_and_not_without_any(validator, tmp_path):
    change = validator().updating(lambda type_name, physical_id, *_: (physical_id, {}))
    new = {**PROPS, "DefaultTimeToLive": 60}
    change(TABLE, "ks|tb", PROPS, PROPS, "s", "Table", {})
    change(TABLE, "ks|tb", PROPS, new, "s", "Table", {})
    assert [(line["event"], line["changed"]) for line in written(tmp_path)] == [("update", ["DefaultTimeToLive"])]


def test_a_new_identity_is_a_replacement(validator, tmp_path):
    change = validator().updating(lambda *_: ("ks|new", {}))
    change(TABLE, "ks|tb", PROPS, {**PROPS, "TableName": "new"}, "s", "Table", {})
    assert [(line["event"], line["physicalId"]) for line in written(tmp_path)] == [("replace", "ks|new")]


def test_a_resource_is_finished_after_creation_and_update(validator):
    done = []
    at_work = validator(finish={"AWS::SQS::Queue": lambda pid, props: done.append((pid, props))})
    at_work.creating(created)("AWS::SQS::Queue", "Q", {}, "s")
    at_work.updating(lambda *_: ("Q-1", {}))("AWS::SQS::Queue", "Q-1", {}, {"DelaySeconds": 1}, "s", "Q", {})
    assert done == [("Q-1", {}), ("Q-1", {"DelaySeconds": 1})]


def needs(definition, names):
    return {name for name in definition.get("Needs", []) if name in names}


def test_the_reversed_order_selects_the_last_ready_name_in_the_alphabet():
    resources = {"A": {}, "B": {"Needs": ["Z"]}, "C": {}, "Z": {}}
    assert latest_name_first(needs)(resources, {}) == ["Z", "C", "B", "A"]


def test_the_reversed_order_skips_resources_whose_condition_is_false():
    resources = {"A": {"Needs": ["B"]}, "B": {"Condition": "No"}}
    assert latest_name_first(needs)(resources, {"No": False}) == ["A"]


def test_the_reversed_order_names_a_circle():
    with pytest.raises(ValueError, match="Circular dependency detected among resources: A, B"):
        latest_name_first(needs)({"A": {"Needs": ["B"]}, "B": {"Needs": ["A"]}, "C": {}}, {})
