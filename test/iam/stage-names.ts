/** Fills in the names of one stage in the lists of calls, which are written for any stage. */
import { type Call } from './roles';

export interface StageNames {
  readonly project: string;
  readonly stage: string;
  /** `name/uuid` of the Kafka cluster. */
  readonly cluster: string;
}

/** A call with the names of a stage in place of `PROJECT`, `STAGE` and `CLUSTER`, in its resource and its context. */
export function ofStage(call: Call, { project, stage, cluster }: StageNames): Call {
  const fill = (text: string) => text.replace('PROJECT', project).replace('STAGE', stage).replace('CLUSTER', cluster);
  return {
    ...call,
    resource: fill(call.resource),
    context: call.context && Object.fromEntries(Object.entries(call.context).map(([key, value]) => [key, fill(value)])),
  };
}
