"""APIs that are added to MiniStack: permissions are evaluated by the action and the resource of each call."""

import asyncio
import re

import pytest
from emulator import apis
from ministack import app
from ministack.core import iam_actions
from ministack.services import tagging

ARN = "arn:aws:emr-serverless:us-east-1:000000000000:/applications/00f1"


class Rejecting:
    service = "emr-serverless"
    resource = re.compile(r"/applications/[^/]+(/jobruns/[^/]+)?")

    async def handle(self, method, path, body):
        raise apis.ServiceError(404, "ResourceNotFoundException", f"no {path}")

    def tagged(self):
        return [(ARN, [{"Key": "stage", "Value": "dev"}])]


@pytest.fixture
def served(monkeypatch):
    monkeypatch.setattr(iam_actions, "extract_resource_arn", iam_actions.extract_resource_arn)
    for mapping in (
        app.SERVICE_HANDLERS,
        iam_actions.SERVICE_TO_IAM_NAMESPACE,
        iam_actions._BOTOCORE_SERVICE_MAP,
        tagging._RESOURCE_TAG_COLLECTORS,
    ):
        monkeypatch.setitem(mapping, Rejecting.service, None)
    apis.serve([Rejecting()])


@pytest.mark.parametrize(
    ("method", "path", "action", "resource"),
    [
        ("GET", "/applications/00f1", "GetApplication", ARN),
        ("POST", "/applications/00f1/stop", "StopApplication", ARN),
        ("DELETE", "/applications/00f1/jobruns/00j2", "CancelJobRun", f"{ARN}/jobruns/00j2"),
    ],
)
def test_a_call_is_an_action_on_a_resource(served, method, path, action, resource):
    service = Rejecting.service
    assert iam_actions.extract_iam_action(service, method, path, {}, b"", {}) == f"{service}:{action}"
    place = ("us-east-1", "000000000000")
    assert iam_actions.extract_resource_arn(service, method, path, {}, b"", {}, *place) == resource


def test_other_services_are_called_as_before(served):
    place = ("us-east-1", "000000000000")
    assert iam_actions.extract_resource_arn("s3", "GET", "/lake/raw/1", {}, b"", {}, *place) == "arn:aws:s3:::lake/raw/1"


def test_conditions_see_the_tags_of_a_resource(served):
    assert tagging.resource_tags(ARN) == {"stage": "dev"}


def test_an_error_has_the_name_that_clients_expect(served):
    status, headers, body = asyncio.run(app.SERVICE_HANDLERS[Rejecting.service]("GET", "/x", {}, b"", {}))
    assert (status, headers["x-amzn-errortype"]) == (404, "ResourceNotFoundException")
    assert b"no /x" in body
