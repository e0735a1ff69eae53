/** Every check of a deployment against an account: pure functions of needs and responses, in the order of the report. */
import { type PipelineConfig } from '../../lib/config';
import { type AwsResponses } from './responses';
import { exportChecks, nameChecks, notDeployed, stackChecks } from './name-checks';
import { type Needs } from './needs';
import { quotaChecks } from './quota-checks';
import { fail, resultOf, pass, type Result } from './result';

/** The target in the configuration. */
export type Place = Pick<PipelineConfig, 'account' | 'region' | 'availabilityZones'>;

const MURMUR3 = 'org.apache.cassandra.dht.Murmur3Partitioner';

/**
 * @returns one result per check; without a login only those of credentials and region, as all others would fail for the same reason
 */
export function check(place: Place, needs: Needs, responses: AwsResponses): readonly Result[] {
  const credentials = credentialsCheck(place, responses);
  const region = regionCheck(place, responses);
  if (!credentials.ok && 'failure' in responses.caller) return [credentials, region];
  const missing = notDeployed(needs, responses);
  return [
    credentials,
    region,
    bootstrapCheck(needs, responses),
    zonesCheck(place, responses),
    ...brokerChecks(place, needs, responses),
    ...quotaChecks(missing, responses),
    ...keyspacesChecks(responses),
    ...identityCenterChecks(responses),
    ...roleChecks(needs, responses),
    ...stackChecks(needs, responses),
    ...exportChecks(needs, responses),
    ...nameChecks(responses),
  ];
}

function credentialsCheck({ account }: Place, { caller }: AwsResponses): Result {
  const name = 'credentials';
  if ('failure' in caller) {
    return fail(
      name,
      `nobody is logged in, or AWS can't be reached (${caller.failure.reason})`,
      'log in, or set AWS_PROFILE',
    );
  }
  return resultOf(name, [caller], (found) =>
    account !== undefined && found.account !== account
      ? fail(
          name,
          `account ${found.account}, but the configuration has ${account}`,
          `log in to ${account}, or set -c account=${found.account}`,
        )
      : pass(name, `${found.arn} in account ${found.account}`),
  );
}

function regionCheck({ region }: Place, responses: AwsResponses): Result {
  const name = 'region';
  if ('failure' in responses.region) {
    return region === undefined
      ? fail(name, 'neither the configuration nor the environment has one', 'set -c region=… or AWS_REGION')
      : pass(name, region);
  }
  const { value } = responses.region;
  return region !== undefined && region !== value
    ? fail(
        name,
        `the environment has ${value}, the configuration ${region}`,
        `set AWS_REGION=${region}, or -c region=${value}`,
      )
    : pass(name, value);
}

function bootstrapCheck({ bootstrapRejected }: Needs, { bootstrapVersion }: AwsResponses): Result {
  const name = 'bootstrap';
  const remedy = 'run: npx cdk bootstrap';
  return resultOf(name, [bootstrapVersion], (version) => {
    if (version === undefined) return fail(name, 'the region is not bootstrapped', remedy);
    return bootstrapRejected.includes(String(version))
      ? fail(name, `version ${version} is one of ${bootstrapRejected.join(', ')}, which are too old`, remedy)
      : pass(name, `version ${version}`);
  });
}

function zonesCheck({ availabilityZones }: Place, { zones }: AwsResponses): Result {
  const name = 'zones';
  return resultOf(name, [zones], (found) =>
    found.length < availabilityZones
      ? fail(
          name,
          `${found.length} are available (${found.join(', ')}), ${availabilityZones} are needed`,
          `set -c availabilityZones=${found.length}, or choose another region`,
        )
      : pass(name, `${availabilityZones} of ${found.join(', ')}`),
  );
}

/** No call of MSK returns which zones offer a broker type; a broker runs on the EC2 type of the same name. */
function brokerChecks({ availabilityZones }: Place, needs: Needs, responses: AwsResponses): Result[] {
  const types = needs.brokerTypes.map((type) => {
    const name = `broker type kafka.${type}`;
    return resultOf(name, [responses.zones, responses.offerings[type]], (zones, offering) => {
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
    return resultOf(name, [responses.kafkaVersions], (offered) =>
      offered.includes(version)
        ? pass(name, 'is offered')
        : fail(
            name,
            `is not among ${offered.join(', ')}`,
            'choose another region, or change lib/constructs/kafka-cluster.ts',
          ),
    );
  });
  return [...types, ...versions];
}

/** @see https://docs.aws.amazon.com/keyspaces/latest/devguide/working-with-partitioners.html */
function keyspacesChecks({ partitioner }: AwsResponses): Result[] {
  const name = 'Keyspaces partitioner';
  if (partitioner === undefined) return [];
  return [
    resultOf(name, [partitioner], (found) =>
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

function identityCenterChecks({ identityCenters }: AwsResponses): Result[] {
  const name = 'Identity Center';
  if (identityCenters === undefined) return [];
  return [
    resultOf(name, [identityCenters], (count) =>
      count === 0
        ? fail(
            name,
            'is not enabled, but Grafana needs it for its users',
            'enable it in the console, or set -c grafana=none',
          )
        : pass(name, 'is enabled'),
    ),
  ];
}

function roleChecks({ serviceRoles }: Needs, { roles }: AwsResponses): Result[] {
  return serviceRoles.map(({ name, service }) => {
    const title = `service-linked role ${name}`;
    return resultOf(title, [roles[name]], (exists) =>
      exists
        ? pass(title, 'exists')
        : fail(title, 'is missing', `run: aws iam create-service-linked-role --aws-service-name ${service}`),
    );
  });
}
