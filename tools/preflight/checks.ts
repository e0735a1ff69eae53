/** Every check of a deployment against an account: pure functions of needs and responses, in the order of the report. */
import { type PipelineConfig } from '../../lib/config';
import { AIRFLOW_VERSIONS_URL } from './account';
import { type AwsResponses } from './responses';
import { exportChecks, nameChecks, notDeployed, stackChecks } from './name-checks';
import { type Needs } from './needs';
import { quotaChecks } from './quota-checks';
import { resultFrom, resultOf, type Result } from './result';

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
    ...versionChecks(needs, responses),
    ...airflowChecks(needs, responses),
    ...catalogChecks(responses),
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
  if ('failure' in caller) {
    const found = `nobody is logged in, or AWS can't be reached (${caller.failure.reason})`;
    return resultFrom('credentials', [found, 'log in, or set AWS_PROFILE']);
  }
  return resultOf('credentials', [caller], (found) =>
    account !== undefined && found.account !== account
      ? [
          `account ${found.account}, but the configuration has ${account}`,
          `log in to ${account}, or set -c account=${found.account}`,
        ]
      : `${found.arn} in account ${found.account}`,
  );
}

function regionCheck({ region }: Place, { region: response }: AwsResponses): Result {
  const found = 'failure' in response ? undefined : response.value;
  if (found === undefined && region === undefined) {
    return resultFrom('region', [
      'neither the configuration nor the environment has one',
      'set -c region=… or AWS_REGION',
    ]);
  }
  return resultFrom(
    'region',
    found !== undefined && region !== undefined && region !== found
      ? [`the environment has ${found}, the configuration ${region}`, `set AWS_REGION=${region}, or -c region=${found}`]
      : (found ?? region)!,
  );
}

function bootstrapCheck({ bootstrapRejected }: Needs, { bootstrapVersion }: AwsResponses): Result {
  const remedy = 'run: npx cdk bootstrap';
  return resultOf('bootstrap', [bootstrapVersion], (version) => {
    if (version === undefined) return ['the region is not bootstrapped', remedy];
    return bootstrapRejected.includes(String(version))
      ? [`version ${version} is one of ${bootstrapRejected.join(', ')}, which are too old`, remedy]
      : `version ${version}`;
  });
}

function zonesCheck({ availabilityZones }: Place, { zones }: AwsResponses): Result {
  return resultOf('zones', [zones], (found) =>
    found.length < availabilityZones
      ? [
          `${found.length} are available (${found.join(', ')}), ${availabilityZones} are needed`,
          `set -c availabilityZones=${found.length}, or choose another region`,
        ]
      : `${availabilityZones} of ${found.join(', ')}`,
  );
}

/** No call of MSK returns which zones offer a broker type; a broker runs on the EC2 type of the same name. */
function brokerChecks({ availabilityZones }: Place, needs: Needs, responses: AwsResponses): Result[] {
  const types = needs.brokerTypes.map((type) =>
    resultOf(`broker type kafka.${type}`, [responses.zones, responses.offerings[type]], (zones, offering) => {
      // CloudFormation takes the first zones by name.
      const used = zones.slice(0, availabilityZones);
      const without = used.filter((zone) => !offering.includes(zone));
      return without.length > 0
        ? [`is not offered in ${without.join(', ')}`, 'set another -c brokerInstance=…']
        : `is offered in ${used.join(', ')}`;
    }),
  );
  return types;
}

/** A version that is not offered fails the deployment after half an hour. */
function versionChecks(needs: Needs, responses: AwsResponses): Result[] {
  const kinds = [
    ['Kafka version', needs.kafkaVersions, responses.kafkaVersions, 'kafka-cluster'],
    ['Grafana version', needs.grafanaVersions, responses.grafanaVersions, 'grafana-workspace'],
    ['EMR release', needs.emrReleases, responses.emrReleases, 'spark-application'],
  ] as const;
  return kinds.flatMap(([kind, versions, response, file]) =>
    versions.flatMap((version) => {
      if (response === undefined) return [];
      const elsewhere = `choose another region, or change lib/constructs/${file}.ts`;
      return resultOf(`${kind} ${version}`, [response], (offered) =>
        offered.includes(version) ? 'is offered' : [`is not among ${offered.join(', ')}`, elsewhere],
      );
    }),
  );
}

/** A guide that cannot be read says nothing about the account: it does not stop a deployment, and the line names the page. */
function airflowChecks({ airflowVersions }: Needs, { airflowVersions: response }: AwsResponses): Result[] {
  if (response === undefined) return [];
  return airflowVersions.map((version) => {
    const check = `Airflow version ${version}`;
    if ('failure' in response)
      return resultFrom(check, `not checked: ${response.failure.reason}; compare with ${AIRFLOW_VERSIONS_URL}`);
    const offered = response.value;
    if (offered.includes(version)) return resultFrom(check, 'is offered');
    return resultFrom(check, [
      `is not among ${offered.join(', ')} of ${AIRFLOW_VERSIONS_URL}`,
      'change lib/constructs/airflow-environment.ts',
    ]);
  });
}

/**
 * Where Lake Formation governs the catalog, IAM alone does not let Grafana's role read the table of posts.
 * @see https://docs.aws.amazon.com/lake-formation/latest/dg/change-settings.html
 */
function catalogChecks({ catalogPrincipals }: AwsResponses): Result[] {
  if (catalogPrincipals === undefined) return [];
  const remedy =
    "after the deployment grant Grafana's role DESCRIBE on the database and SELECT on its table posts, or set -c grafana=none";
  return [
    resultOf('Lake Formation', [catalogPrincipals], (found) =>
      found.includes('IAM_ALLOWED_PRINCIPALS')
        ? 'leaves new databases to IAM'
        : ['governs new databases, so that Grafana may not query the posts', remedy],
    ),
  ];
}

/** @see https://docs.aws.amazon.com/keyspaces/latest/devguide/working-with-partitioners.html */
function keyspacesChecks({ partitioner }: AwsResponses): Result[] {
  if (partitioner === undefined) return [];
  const update = `run in CQL: UPDATE system.local SET partitioner='${MURMUR3}' WHERE key='local'; it takes ten minutes`;
  return [
    resultOf('Keyspaces partitioner', [partitioner], (found) =>
      found === MURMUR3 ? 'Murmur3Partitioner' : [found, update],
    ),
  ];
}

function identityCenterChecks({ identityCenters }: AwsResponses): Result[] {
  if (identityCenters === undefined) return [];
  return [
    resultOf('Identity Center', [identityCenters], (count) =>
      count > 0
        ? 'is enabled'
        : ['is not enabled, but Grafana needs it for its users', 'enable it in the console, or set -c grafana=none'],
    ),
  ];
}

function roleChecks({ serviceRoles }: Needs, { roles }: AwsResponses): Result[] {
  return serviceRoles.map(({ name, service }) =>
    resultOf(`service-linked role ${name}`, [roles[name]], (exists) =>
      exists ? 'exists' : ['is missing', `run: aws iam create-service-linked-role --aws-service-name ${service}`],
    ),
  );
}
