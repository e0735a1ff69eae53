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
  /** The properties with which the application is created. */
  readonly properties: CfnApplicationProps;
}

/**
 * Stops an EMR Serverless application before CloudFormation updates or deletes it. The service rejects both while the
 * application is started, and each job starts it.
 *
 * One resource can't do both. CloudFormation updates the dependencies of the application before it, and deletes its dependents
 * before it. So there are two resources, served by one function. The first receives all properties of the application, so that
 * it changes, and acts, whenever the application does. It looks up the application in the stack, because a reference
 * would be a cycle.
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
      description: 'Stops the Spark application before it is updated or deleted',
      memory: 256,
      timeout: MAX_TIMEOUT,
    });
    this.function.allow(['cloudformation:DescribeStackResource'], [stack.stackId]);
    // The application's id is unknown before it exists. Its tags are known.
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
      'Stands for an id that is unknown before the application exists; the tags of this deployment limit it',
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
    // Without a condition: a deleted application has no tags, and the function must distinguish it from one that is denied.
    const known = new ManagedPolicy(this, 'Known', {
      // A managed policy's description can't be changed, so another application gets another policy. The old policy remains
      // until the replaced application is stopped, because CloudFormation deletes at the end, dependents first. A policy
      // changed in place would name the new application by then.
      description: `To stop Spark application ${application.attrApplicationId}`,
      roles: [this.function.role],
      statements: [
        new PolicyStatement({ actions: STOP, resources: [application.attrArn] }),
        new PolicyStatement({ actions: ['emr-serverless:CancelJobRun'], resources: [runs] }),
      ],
    });
    acknowledgeResources(known, "A run's id is unknown until it starts", [runs]);
    beforeDeletion.node.addDependency(known);
  }

  private resource(id: string, properties: Record<string, unknown>): CustomResource {
    const resource = new CustomResource(this, id, {
      serviceToken: this.function.function.functionArn,
      resourceType: 'Custom::StoppedApplication',
      // The function responds before its own timeout. The default is an hour.
      serviceTimeout: MAX_TIMEOUT.plus(Duration.minutes(1)),
      properties,
    });
    resource.node.addDependency(this.function.role);
    return resource;
  }
}
