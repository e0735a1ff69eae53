/** The account of the local run: the one that emulators use, too, so that no ARN can be mistaken for a real one. */
export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';
export const PARTITION = 'aws';
export const URL_SUFFIX = 'amazonaws.com';
