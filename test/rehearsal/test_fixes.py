"""What the emulator does as AWS does, and MiniStack does not."""

import pytest
from emulator import fixes
from ministack.services import cloudformation
from ministack.services.cloudformation import stacks

EXPORT = "network:Vpc"


@pytest.fixture
def exporting(monkeypatch):
    """Resolves the outputs of an update of the stack `network`, whose export `processing` may import."""
    monkeypatch.setattr(stacks, "_resolve_stack_outputs", stacks._resolve_stack_outputs)
    fixes.exports_in_use()
    cloudformation._exports[EXPORT] = {"StackId": "id of network", "Name": EXPORT, "Value": "vpc-1"}

    def update(value, imported):
        used = {"Vpc": {"Properties": {"Id": {"Fn::ImportValue": EXPORT}}}} if imported else {}
        cloudformation._stacks["processing"] = {"_template": {"Resources": used}}
        outputs = {} if value is None else {"Vpc": {"Value": value, "Export": {"Name": EXPORT}}}
        return stacks._resolve_stack_outputs(outputs, {}, {}, {}, {}, "network", "id of network")[1]

    yield update
    cloudformation._exports.clear()
    cloudformation._stacks.clear()


@pytest.mark.parametrize(("value", "verb"), [("vpc-2", "updated"), (None, "deleted")])
def test_an_export_in_use_stays_as_it_is(exporting, value, verb):
    with pytest.raises(ValueError, match=f"Export {EXPORT} cannot be {verb} as it is in use by processing"):
        exporting(value, imported=True)


def test_an_export_in_use_may_be_deployed_again(exporting):
    assert exporting("vpc-1", imported=True)[EXPORT]["Value"] == "vpc-1"


@pytest.mark.parametrize("value", ["vpc-2", None])
def test_an_export_that_nobody_uses_may_change_or_go(exporting, value):
    assert exporting(value, imported=False).get(EXPORT, {}).get("Value") == value
