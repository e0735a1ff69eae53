/** Every check of a deployment against an account: pure functions of needs and answers, in the order in which they are told. */
import { type PipelineConfig } from '../../lib/config';
import { type Answers } from './answers';
import { nameChecks, notDeployed, stackChecks } from './name-checks';
import { type Needs } from './needs';
import { quotaChecks } from './quota-checks';
import { fail, judge, pass, type Verdict } from './verdict';

/** The part of the configuration that says where. */
export type Place = Pick<PipelineConfig, 'account' | 'region' | 'availabilityZones'>;

const MURMUR3 = 'org.apache.cassandra.dht.Murmur3Partitioner';

/**
 * @returns one verdict a check; only who and where if nobody is logged in, as all others would say the same
 */
export function check(place: Place, needs: Needs, answers: Answers): readonly Verdict[] {
  const credentials = credentialsCheck(place, answers);
  const region = regionCheck(place, answers);
  if (!credentials.ok && 'failure' in answers.caller) return [credentials, region];
  const missing = notDeployed(needs, answers);
  return [
    credentials,
    region,
    bootstrapCheck(needs, answers),
    zonesCheck(place, answers),
    ...brokerChecks(place, needs, answers),
    ...quotaChecks(missing, answers),
    ...keyspacesChecks(answers),
    ...identityCenterChecks(answers),
    ...roleChecks(needs, answers),
    ...stackChecks(needs, answers),
    ...nameChecks(answers),
  ];
}

function credentialsCheck({ account }: Place, { caller }: Answers): Verdict {
  const name = 'credentials';
  if ('failure' in caller) {
    return fail(
      name,
      `nobody is logged in, or AWS is not reached (${caller.failure.reason})`,
      'log in, or set AWS_PROFILE',
    );
  }
  return judge(name, [caller], (found) =>
    account !== undefined && found.account !== account
      ? fail(
          name,
          `of account ${found.account}, but the configuration says ${account}`,
          `log in to ${account}, or set -c account=${found.account}`,
        )
      : pass(name, `${found.arn} in account ${found.account}`),
  );
}

function regionCheck({ region }: Place, answers: Answers): Verdict {
  const name = 'region';
  if ('failure' in answers.region) {
    return region === undefined
      ? fail(name, 'neither the configuration nor the environment names one', 'set -c region=… or AWS_REGION')
      : pass(name, region);
  }
  const { value } = answers.region;
  return region !== undefined && region !== value
    ? fail(
        name,
        `the environment says ${value}, the configuration ${region}`,
        `set AWS_REGION=${region}, or -c region=${value}`,
      )
    : pass(name, value);
}

function bootstrapCheck({ bootstrapRejected }: Needs, { bootstrapVersion }: Answers): Verdict {
  const name = 'bootstrap';
  const remedy = 'run: npx cdk bootstrap';
  return judge(name, [bootstrapVersion], (version) => {
    if (version === undefined) return fail(name, 'the region is not bootstrapped', remedy);
    return bootstrapRejected.includes(String(version))
      ? fail(name, `version ${version} is one of ${bootstrapRejected.join(', ')}, which are too old`, remedy)
      : pass(name, `version ${version}`);
  });
}

function zonesCheck({ availabilityZones }: Place, { zones }: Answers): Verdict {
  const name = 'zones';
  return judge(name, [zones], (found) =>
    found.length < availabilityZones
      ? fail(
          name,
          `${found.length} are open (${found.join(', ')}), ${availabilityZones} are needed`,
          `set -c availabilityZones=${found.length}, or take another region`,
        )
      : pass(name, `${availabilityZones} of ${found.join(', ')}`),
  );
}

/** MSK has no call that tells which broker goes where; a broker runs on the EC2 type of the same name. */
function brokerChecks({ availabilityZones }: Place, needs: Needs, answers: Answers): Verdict[] {
  const types = needs.brokerTypes.map((type) => {
    const name = `broker type kafka.${type}`;
    return judge(name, [answers.zones, answers.offerings[type]], (zones, offering) => {
      // CloudFormation takes the first zones by name.
      const used = zones.slice(0, availabilityZones);
      const without = used.filter((zone) => !offering.includes(zone));
      return without.length > 0
        ? fail(name, `is not offered in ${without.join(', ')}`, 'set another -c brokerInstance=…')
        : pass(name, `is offered in ${used.join(', ')}`);
    });
  });
  const versions = needs.kafkaVersions.map((version) => {
    const name = `Kafka version ${version}`;
    return judge(name, [answers.kafkaVersions], (offered) =>
      offered.includes(version)
        ? pass(name, 'is offered')
        : fail(
            name,
            `is not among ${offered.join(', ')}`,
            'take another region, or change lib/constructs/kafka-cluster.ts',
          ),
    );
  });
  return [...types, ...versions];
}

/** @see https://docs.aws.amazon.com/keyspaces/latest/devguide/working-with-partitioners.html */
function keyspacesChecks({ partitioner }: Answers): Verdict[] {
  const name = 'Keyspaces partitioner';
  if (partitioner === undefined) return [];
  return [
    judge(name, [partitioner], (found) =>
      found === MURMUR3
        ? pass(name, 'Murmur3Partitioner')
        : fail(
            name,
            found,
            `run in CQL: UPDATE system.local SET partitioner='${MURMUR3}' WHERE key='local'; it takes ten minutes`,
          ),
    ),
  ];
}

function identityCenterChecks({ identityCenters }: Answers): Verdict[] {
  const name = 'Identity Center';
  if (identityCenters === undefined) return [];
  return [
    judge(name, [identityCenters], (count) =>
      count === 0
        ? fail(
            name,
            'is not enabled, but Grafana logs its users in by it',
            'enable it in the console, or set -c grafana=none',
          )
        : pass(name, 'is enabled'),
    ),
  ];
}

function roleChecks({ serviceRoles }: Needs, { roles }: Answers): Verdict[] {
  return serviceRoles.map(({ name, service }) => {
    const title = `service-linked role ${name}`;
    return judge(title, [roles[name]], (exists) =>
      exists
        ? pass(title, 'is there')
        : fail(title, 'is missing', `run: aws iam create-service-linked-role --aws-service-name ${service}`),
    );
  });
}
