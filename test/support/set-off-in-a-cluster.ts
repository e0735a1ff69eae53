/** Alarms and alerts whose faults take more than one broker, or a broker that nothing else needs. */
export const SET_OFF_IN_A_CLUSTER: readonly string[] = [
  'kafka-offline',
  'kafka-disk',
  'KafkaOfflinePartitions',
  'KafkaControllers',
  'KafkaUnderMinIsr',
  'KafkaUnderReplicated',
  'KafkaDiskFilling',
  'KafkaDiskFull',
  'KafkaCpuHigh',
  'KafkaProduceSlow',
  'KafkaHandlersBusy',
  'KafkaProduceFailing',
  'KafkaHeapFull',
  'KafkaGarbageCollection',
];

/** Of these, those that take a disk of their own. */
export const TAKES_A_DISK: readonly string[] = ['kafka-disk', 'KafkaDiskFilling', 'KafkaDiskFull'];
