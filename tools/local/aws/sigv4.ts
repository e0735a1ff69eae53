/**
 * Whether a request to an API with IAM authorization has a valid signature: API Gateway's check, without a policy.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { REGION } from '../../assembly/local-account';
import { type HttpRequest } from './http-event';

/** What the local run accepts, and what its functions have. */
export const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' } as const;

const SERVICE = 'execute-api';
/** By how much the clocks of client and service may differ, ms. */
const CLOCK_SKEW = 5 * 60_000;
const HEADER = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

export function isSigned(request: Pick<HttpRequest, 'method' | 'url' | 'headers' | 'body'>, now: number): boolean {
  const { method, headers, body } = request;
  const parts = HEADER.exec(headers.authorization ?? '');
  const time = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(headers['x-amz-date']));
  if (!parts || !time) return false;
  const [, accessKeyId, scope, names, signature] = parts;
  const [stamp, year, month, day, hours, minutes, seconds] = time;
  const at = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hours), Number(minutes), Number(seconds));
  const dated = [stamp.slice(0, 8), REGION, SERVICE, 'aws4_request'];
  const signed = names.split(';');
  if (accessKeyId !== CREDENTIALS.accessKeyId || scope !== dated.join('/') || !signed.includes('host')) return false;
  if (Math.abs(now - at) > CLOCK_SKEW) return false;
  const url = new URL(request.url, 'http://localhost');
  // By name, then by value: a blank is less than any character of an encoded name.
  const query = [...url.searchParams].map((pair) => pair.map(encode).join(' ')).sort();
  const canonical = [
    method,
    // Every service but S3 encodes the path as sent once more.
    url.pathname.split('/').map(encode).join('/'),
    query.map((pair) => pair.replace(' ', '=')).join('&'),
    ...signed.map((name) => `${name}:${[headers[name]].flat().join(',').trim().replace(/ +/g, ' ')}`),
    '',
    names,
    sha256(body),
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', stamp, dated.join('/'), sha256(canonical)].join('\n');
  const key = dated.reduce<string | Buffer>(hmac, `AWS4${CREDENTIALS.secretAccessKey}`);
  return timingSafeEqual(hmac(key, text), Buffer.from(signature, 'hex'));
}
