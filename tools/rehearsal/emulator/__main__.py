"""
Starts the emulator. It reads MiniStack's environment variables, and

- ``REHEARSAL_RECORD``: file that gets a line of JSON for each change of a resource
- ``REHEARSAL_REGION``: region whose schemas are used
- ``REHEARSAL_ORDER``: ``forward`` (as MiniStack orders) or ``reverse``
- ``REHEARSAL_GRAFANA``: origin of the fake of Managed Grafana
"""

from __future__ import annotations

import os
from pathlib import Path

from ministack import app
from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation import engine, provisioners, stacks

from . import apis, fakes, fixes, grafana
from .fixture import EmulatorFixture
from .order import latest_name_first
from .registry import Registry
from .spark import APPLICATION, Spark
from .stubs import Place, Stubs
from .validator import Validator


#: Types that MiniStack partly rejects where AWS accepts: alarms on metric math.
_HALF_NATIVE = frozenset({"AWS::CloudWatch::Alarm"})


def _fakes(endpoint: str, workspaces: grafana.Grafana) -> dict[str, dict[str, object]]:
    upload = fakes.Upload(endpoint)
    return {
        "AWS::EC2::SecurityGroupIngress": {"create": fakes.ingress_create, "delete": fakes.ingress_delete},
        "AWS::MSK::Cluster": {
            "create": fakes.cluster_create,
            "update": fakes.cluster_update,
            "delete": fakes.cluster_delete,
        },
        grafana.WORKSPACE: {"create": workspaces.create, "update": workspaces.update, "delete": workspaces.delete},
        "Custom::CDKBucketDeployment": {"create": upload.create, "update": upload.update, "delete": upload.delete},
    }


def _stub(stubs: Stubs, type_name: str) -> dict[str, object]:
    return {
        "create": lambda logical_id, props, stack: stubs.create(type_name, logical_id, props, stack),
        "update": lambda physical_id, old, new, stack: stubs.update(type_name, physical_id, old, new, stack),
        "delete": lambda physical_id, props: stubs.delete(type_name, physical_id),
    }


def main() -> None:
    registry = Registry(os.environ["REHEARSAL_REGION"])
    stubs = Stubs(registry, lambda: Place(get_account_id(), get_region()))
    handlers = provisioners._RESOURCE_HANDLERS
    endpoint = f"http://{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"

    spark = Spark(stubs)
    workspaces = grafana.Grafana(stubs, os.environ["REHEARSAL_GRAFANA"])
    faked = _fakes(endpoint, workspaces)
    native = handlers.keys() - _HALF_NATIVE
    lacking = [name for name in registry.types if name not in native and name not in faked]
    handlers.update(faked)
    handlers.update({name: _stub(stubs, name) for name in lacking})

    makers = {**dict.fromkeys(lacking, "stub"), **dict.fromkeys([*faked, APPLICATION], "fake")}
    record = Path(os.environ["REHEARSAL_RECORD"])
    finish = {"AWS::S3::Bucket": fixes.tag_bucket}
    validator = Validator(registry, EmulatorFixture(stubs, spark), makers, record, finish)
    stacks._provision_resource = validator.creating(stacks._provision_resource)
    stacks._update_resource = validator.updating(stacks._update_resource)
    stacks._delete_resource = validator.deleting(stacks._delete_resource)
    if os.environ.get("REHEARSAL_ORDER") == "reverse":
        stacks._topological_sort = latest_name_first(engine._extract_deps)
    fixes.over_tls()
    fixes.clusters_by_arn()
    fixes.distinct_nodes()
    fixes.exports_in_use()
    apis.serve([spark, workspaces])
    app.main()


main()
