/** Memory of the functions whose size the rate decides, MB. A vCPU comes with each 1,769. */
export const FUNCTION_MB = { ingest: 1024, archive: 1024, aggregate: 1024, compact: 3538 } as const;

/**
 * Longest timeout of a function, s: Lambda's limit is 15 minutes, and 14 with a Kafka event source.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk-configure.html
 */
export const LONGEST_SECONDS = 14 * 60;
