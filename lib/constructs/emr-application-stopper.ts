import { ArnFormat, CustomResource, Duration, Lazy, Stack } from 'aws-cdk-lib';
import { type CfnApplication, type CfnApplicationProps } from 'aws-cdk-lib/aws-emrserverless';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { type PipelineConfig } from '../config';
import { acknowledgeResources } from '../rules/acknowledge';
import { MAX_TIMEOUT, PipelineFunction } from './pipeline-function';

const STOP = ['emr-serverless:GetApplication', 'emr-serverless:ListJobRuns', 'emr-serverless:StopApplication'];

export interface EmrApplicationStopperProps {
  readonly config: PipelineConfig;
  readonly application: CfnApplication;
  /** What the application was made with. */
  readonly properties: CfnApplicationProps;
}

/**
 * Stops an EMR Serverless application before CloudFormation updates it and before it deletes it: the service refuses both
 * while it is started, and each job starts it.
 *
 * One resource can't do both: before an update comes what the application depends on, before a deletion what depends on the
 * application. So there are two, served by one function. The first is told everything that the application is made with, so
 * that it changes, and acts, whenever the application does; the application itself it looks up in the stack, as a reference
 * would be a circle.
 */
export class EmrApplicationStopper extends Construct {
  public readonly function: PipelineFunction;

  constructor(scope: Construct, id: string, props: EmrApplicationStopperProps) {
    super(scope, id);
    const { config, application, properties } = props;
    const stack = Stack.of(this);
    this.function = new PipelineFunction(this, 'Handler', {
      config,
      folder: 'provision/emr-stopper',
      description: 'Stops the Spark application before its update and its deletion',
      memory: 256,
      timeout: MAX_TIMEOUT,
    });
    this.function.allow(['cloudformation:DescribeStackResource'], [stack.stackId]);
    // The application can't be named before it is there; its tags can.
    const any = stack.formatArn({
      service: 'emr-serverless',
      resource: '/applications',
      resourceName: '*',
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
    this.function.allow(STOP, [any], {
      StringEquals: { 'aws:ResourceTag/project': config.project, 'aws:ResourceTag/stage': config.stage },
    });
    acknowledgeResources(
      this.function.role,
      'In the place of an id that is not known before the application is there; the tags of this copy limit it',
      [any],
    );

    const beforeUpdate = this.resource('BeforeUpdate', {
      LogicalId: application.logicalId,
      Application: properties,
      Tags: Lazy.any({ produce: () => application.tags.renderTags() }),
    });
    application.node.addDependency(beforeUpdate);

    const beforeDeletion = this.resource('BeforeDeletion', { ApplicationId: application.attrApplicationId });
    const runs = `${application.attrArn}/jobruns/*`;
    // Without a condition: of one that is gone no tags are known, and it has to be told from one that is not allowed.
    const known = new ManagedPolicy(this, 'Known', {
      // A managed policy's description can't be changed: with another application comes another policy. The old one stays
      // until the application that is replaced is stopped, as CloudFormation deletes at the end, dependents first. A policy
      // that is changed in place would name the new application by then.
      description: `To stop Spark application ${application.attrApplicationId}`,
      roles: [this.function.role],
      statements: [
        new PolicyStatement({ actions: STOP, resources: [application.attrArn] }),
        new PolicyStatement({ actions: ['emr-serverless:CancelJobRun'], resources: [runs] }),
      ],
    });
    acknowledgeResources(known, "A run's id is known when it runs", [runs]);
    beforeDeletion.node.addDependency(known);
  }

  private resource(id: string, properties: Record<string, unknown>): CustomResource {
    const resource = new CustomResource(this, id, {
      serviceToken: this.function.function.functionArn,
      resourceType: 'Custom::StoppedApplication',
      // The function answers before its own time is over; the default is an hour.
      serviceTimeout: MAX_TIMEOUT.plus(Duration.minutes(1)),
      properties,
    });
    resource.node.addDependency(this.function.role);
    return resource;
  }
}
