/** All commands of `npm run pipeline`. A module is loaded when its command runs: each alone would need what all need. */
import { type Command } from './kit/command';

type Module = { readonly command: Command };

export interface Entry {
  /** One line. */
  readonly summary: string;
  readonly load: () => Module;
}

export const COMMANDS: Readonly<Record<string, Entry>> = {
  start: {
    summary: 'Runs the whole pipeline on this machine, sends posts and prints the answers',
    load: () => require('./local/start') as Module,
  },
  load: {
    summary: 'Sends posts to an ingest API: the load generator',
    load: () => require('./loadgen/cli') as Module,
  },
  page: {
    summary: 'Opens the page of a deployed query API with your credentials',
    load: () => require('./local/page/cli') as Module,
  },
  'cfn-lint': {
    summary: 'Runs cfn-lint over the templates of every stage that is deployed',
    load: () => require('./rehearsal/lint') as Module,
  },
  rehearse: {
    summary: 'Deploys, uses, updates and deletes a stage with the real CDK against an AWS emulator, in two orders',
    load: () => require('./rehearsal/rehearse') as Module,
  },
  preflight: {
    summary: 'Asks your account for what a deployment needs, before anything is created',
    load: () => require('./preflight/cli') as Module,
  },
  prove: {
    summary:
      'Deploys a stage to your account, uses it, checks both layers, updates and deletes it, and writes a report',
    load: () => require('./prove/cli') as Module,
  },
  cost: {
    summary: 'Prints what a stage costs at a rate, by component, and the largest lever',
    load: () => require('./cost/cli') as Module,
  },
  capacity: {
    summary: 'Prints what a stage carries at a rate, by component, what binds first and what to change',
    load: () => require('./capacity/cli') as Module,
  },
  retained: {
    summary: 'Lists what `cdk destroy` would leave, why, and how to delete it',
    load: () => require('./operate/retained') as Module,
  },
  erase: {
    summary: 'Erases a person or posts from the lake, and proves it by searching again',
    load: () => require('./operate/erase/cli') as Module,
  },
  replay: {
    summary: 'Sends quarantined records again, once the rules accept them',
    load: () => require('./operate/replay/cli') as Module,
  },
  trace: {
    summary: 'Follows one post: request, partition and offset, raw object, Parquet row, rows of views, answers',
    load: () => require('./operate/trace/cli') as Module,
  },
  'delete-chain': {
    summary: 'Deletes what the speed layer has of a partition, so that it begins anew',
    load: () => require('./operate/delete-chain/cli') as Module,
  },
  dashboards: {
    summary: 'Writes the Grafana boards and alert rules as files to import',
    load: () => require('./operate/boards') as Module,
  },
  simulate: {
    summary:
      'Runs the whole pipeline against models of its services, with faults from a seed, and checks what must hold',
    load: () => require('./simulate/main') as Module,
  },
  bench: {
    summary: 'Measures hot paths, each beside a peer',
    load: () => require('./bench/cli') as Module,
  },
  generate: {
    summary: 'Writes every generated file: documents, schemas and diagrams',
    load: () => require('./docgen/generate') as Module,
  },
  'schema-check': {
    summary: 'Compares the schema of a post with the released one, and says what is no longer accepted',
    load: () => require('./docgen/schema-check') as Module,
  },
  screenshot: {
    summary: "Takes the README's screenshots of the page of the run that is up",
    load: () => require('./docgen/screenshot') as Module,
  },
  'record-calls': {
    summary: 'Records every AWS call of two local runs, for the proof of IAM policies',
    load: () => require('./local/record-calls') as Module,
  },
  'measure-run': {
    summary: 'Measures in a local run what a bill is made of',
    load: () => require('./cost/measure-run') as Module,
  },
  'measure-rows': {
    summary: 'Measures what the speed layer writes as an interval fills',
    load: () => require('./cost/measure-rows') as Module,
  },
};
