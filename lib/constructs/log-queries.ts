import { QueryDefinition, QueryString, type ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type InvocationFields } from '../../lambda/runtime/log';
import { STEPS, type MetricName } from '../../lambda/runtime/metrics';
import { functionOf, type Monitored } from './metrics';

interface SavedQuery {
  readonly name: string;
  readonly query: {
    readonly fields: readonly string[];
    readonly filters?: readonly string[];
    readonly stats?: string;
    readonly sort?: string;
    readonly limit?: number;
  };
}

/** A field of a report, which has the metric's name. */
const of = (name: MetricName) => name;
/** Which invocation wrote the line. */
const INVOCATION = ['function_request_id', 'xray_trace_id', 'cold_start'] satisfies (keyof InvocationFields)[];

/** The first queries of an investigation. Reports are log lines, so each metric can be queried, also after it left the list. */
export const QUERIES: readonly SavedQuery[] = [
  {
    name: 'errors',
    query: {
      fields: [
        ...['@timestamp', '@log', 'level', 'message', 'error.name', 'error.message', 'topic', 'partition', 'offset'],
        ...INVOCATION,
      ],
      filters: ["level in ['warn', 'error', 'WARN', 'ERROR']"],
      sort: '@timestamp desc',
      limit: 200,
    },
  },
  {
    name: 'unaccounted records',
    query: {
      fields: ['@timestamp', 'step', of('received'), of('written'), of('quarantined'), of('dropped'), of('gap')],
      filters: [`${of('dropped')} != 0 or ${of('gap')} > 0`],
      sort: '@timestamp desc',
    },
  },
  {
    name: 'drift by view',
    query: {
      fields: ['@timestamp'],
      filters: [`ispresent(${of('drift')})`],
      stats: `max(${of('drift')}) as largest, count(*) as runs by view`,
      sort: 'largest desc',
    },
  },
  {
    name: 'rates by step',
    query: {
      fields: ['@timestamp'],
      filters: [`ispresent(${of('received')})`],
      stats: `sum(${of('received')}) as received, sum(${of('written')}) as written, sum(${of('quarantined')}) as quarantined by bin(5m), step`,
    },
  },
  {
    name: 'slowest',
    query: {
      fields: ['@timestamp', 'step', of('duration'), of('received'), of('batchBytes'), of('retries'), ...INVOCATION],
      filters: [`ispresent(${of('duration')})`],
      sort: `${of('duration')} desc`,
      limit: 50,
    },
  },
];

/** Logs Insights queries over the logs of all functions. Their names begin with project and stage. */
export class LogQueries extends Construct {
  constructor(scope: Construct, id: string, monitored: Monitored) {
    super(scope, id);
    const { config } = monitored;
    const logGroups = STEPS.map((step) => functionOf(monitored, step)?.logGroup).filter(
      (group): group is NonNullable<typeof group> => group !== undefined,
    ) as ILogGroup[];
    for (const { name, query } of QUERIES) {
      new QueryDefinition(this, name, {
        queryDefinitionName: `${config.project}-${config.stage}/${name}`,
        queryString: new QueryString({
          fields: [...query.fields],
          filterStatements: query.filters && [...query.filters],
          statsStatements: query.stats === undefined ? undefined : [query.stats],
          sort: query.sort,
          limit: query.limit,
        }),
        logGroups,
      });
    }
  }
}
