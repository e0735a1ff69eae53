import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { ENV } from '../../lambda/runtime/env';
import { type PipelineConfig } from '../config';
import { acknowledge } from '../rules/acknowledge';
import { PipelineFunction } from './pipeline-function';

export interface CanaryProps {
  readonly config: PipelineConfig;
  readonly ingest: PipelineFunction;
  readonly query: PipelineFunction;
}

/** Long enough for both functions to start, and for an error of theirs to arrive before this function's own timeout. */
const TIMEOUT = Duration.seconds(59);
/** Why there is no dead-letter queue. */
const MISSED = 'A missed canary is not sent later: the next one is due in minutes, and an alarm reports its absence';

/** Sends a control record through both layers every few minutes and reports when it became visible. */
export class Canary extends Construct {
  public readonly function: PipelineFunction;

  constructor(scope: Construct, id: string, props: CanaryProps) {
    super(scope, id);
    const { config, ingest, query } = props;
    // In no network: it calls only AWS, and the pipeline's network can't reach the Lambda API.
    this.function = new PipelineFunction(this, 'Canary', {
      config,
      folder: 'canary',
      description: 'Sends a control record through both layers and reports the age of the newest visible one',
      memory: 256,
      timeout: TIMEOUT,
      noDeadLetters: MISSED,
    });
    this.function.bindMetrics(config);
    for (const [variable, target] of [
      [ENV.ingestFunction, ingest],
      [ENV.queryFunction, query],
    ] as const) {
      this.function.setEnvironment({ [variable]: target.function.functionName });
      this.function.allow(['lambda:InvokeFunction'], [target.function.functionArn]);
    }
    const schedule = new Rule(this, 'Schedule', {
      description: 'When a canary is sent',
      schedule: Schedule.rate(Duration.minutes(config.canaryMinutes)),
      targets: [new LambdaFunction(this.function.function, { retryAttempts: 0, maxEventAge: Duration.minutes(1) })],
    });
    acknowledge(schedule, MISSED, 'Serverless-EventBusDLQ');
  }
}
