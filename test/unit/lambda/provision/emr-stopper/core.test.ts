import { nextStep, taskOf, type ApplicationState } from '../../../../../lambda/provision/emr-stopper/core';

describe('the next step', () => {
  test.each<[ApplicationState | undefined]>([[undefined], ['CREATED'], ['STOPPED'], ['TERMINATED']])(
    'of an application that is %s: none, whatever jobs it reports',
    (state) => {
      expect(nextStep(state, [], 'wait')).toEqual({ kind: 'done' });
      expect(nextStep(state, ['job'], 'cancel')).toEqual({ kind: 'done' });
    },
  );

  test.each<[ApplicationState]>([['CREATING'], ['STARTING'], ['STOPPING']])(
    'of an application that is %s: wait',
    (state) => {
      expect(nextStep(state, [], 'cancel')).toEqual({ kind: 'wait', reason: `it is ${state}` });
    },
  );

  test('of a started application: stop it once no job is running', () => {
    expect(nextStep('STARTED', [], 'wait')).toEqual({ kind: 'stop' });
    expect(nextStep('STARTED', ['a', 'b'], 'cancel')).toEqual({ kind: 'cancel', jobs: ['a', 'b'] });
    expect(nextStep('STARTED', ['a', 'b', 'c', 'd'], 'wait')).toEqual({
      kind: 'wait',
      reason: '4 job(s) are running (a, b, c): wait for them or cancel them',
    });
  });
});

describe('the resource before an application', () => {
  const properties = { LogicalId: 'Spark', Application: { releaseLabel: 'x' } };

  test.each<['Create' | 'Update']>([['Create'], ['Update']])(
    'stops it on %s, after its jobs, and remains the same resource',
    (request) => {
      expect(taskOf(request, properties, undefined)).toEqual({
        kind: 'stop',
        application: { logicalId: 'Spark' },
        jobs: 'wait',
        physicalId: 'before-update-of-Spark',
      });
    },
  );

  test('does nothing on deletion: the application is deleted by then', () => {
    expect(taskOf('Delete', properties, 'before-update-of-Spark').kind).toBe('nothing');
  });
});

describe('the resource after an application', () => {
  test('does nothing while the application exists, and is another resource for another application', () => {
    expect(taskOf('Create', { ApplicationId: 'one' }, undefined)).toEqual({ kind: 'nothing', physicalId: 'one' });
    expect(taskOf('Update', { ApplicationId: 'two' }, 'one')).toEqual({ kind: 'nothing', physicalId: 'two' });
  });

  test('stops the application before its deletion, whatever its jobs do', () => {
    expect(taskOf('Delete', { ApplicationId: 'one' }, 'one')).toEqual({
      kind: 'stop',
      application: { id: 'one' },
      jobs: 'cancel',
      physicalId: 'one',
    });
  });
});

test.each([[{}], [{ LogicalId: '' }], [{ ApplicationId: 7 }]])(
  'properties %j do not name an application',
  (properties) => {
    expect(() => taskOf('Create', properties, undefined)).toThrow(
      'property LogicalId or ApplicationId must be a non-empty string',
    );
  },
);
