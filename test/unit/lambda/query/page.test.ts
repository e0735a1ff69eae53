import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ASSETS, pageFiles } from '../../../../lambda/query/page';
import { writePage, PAGE_FOLDER } from '../../../../lib/constructs/page-files';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'page-'));
  writeFileSync(join(directory, 'index.html'), '<h1>ü</h1>');
  writeFileSync(join(directory, 'page.js'), 'run()');
  writeFileSync(join(directory, 'secret.txt'), 'secret');
});
afterAll(() => rmSync(directory, { recursive: true }));

test('a file has its type and a policy that allows no other origin', () => {
  const response = pageFiles(directory)('index.html', {});
  expect(response).toMatchObject({ statusCode: 200, body: '<h1>ü</h1>' });
  expect(response?.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
  });
  const policy = response?.headers['content-security-policy'] ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
});

test('a client that accepts gzip gets it, in base64', () => {
  const response = pageFiles(directory)('page.js', { headers: { 'accept-encoding': 'br, gzip' } });
  expect(response?.headers).toMatchObject({
    'content-encoding': 'gzip',
    'content-type': 'text/javascript; charset=utf-8',
  });
  expect(response?.isBase64Encoded).toBe(true);
  expect(gunzipSync(Buffer.from(response?.body ?? '', 'base64')).toString()).toBe('run()');
});

test('a client that has the file is not sent it again', () => {
  const files = pageFiles(directory);
  const { etag } = files('page.js', {})?.headers ?? {};
  expect(etag).toMatch(/^"[\w-]{22}"$/);
  expect(files('page.js', { headers: { 'if-none-match': etag } })).toMatchObject({ statusCode: 304, body: '' });
  expect(files('page.js', { headers: { 'if-none-match': '"other"' } })?.statusCode).toBe(200);
});

test.each(['secret.txt', '../index.html', 'constructor', ''])('%p is not a file of the page', (name) => {
  expect(pageFiles(directory)(name, {})).toBeUndefined();
});

test('the bundle has the files that the page refers to, and refers to nothing outside', () => {
  writePage(directory);
  const read = (name: string) => readFileSync(join(directory, PAGE_FOLDER, name), 'utf8');
  const html = read('index.html');
  const named = [...html.matchAll(/(?:src|href)="assets\/([^"]+)"/g)].map(([, name]) => name);
  expect(named.sort()).toEqual([...ASSETS].sort());
  expect(html).not.toMatch(/(src|href)="(https?:)?\/\//);
  expect(html).not.toMatch(/ style=|<style|\son\w+=/);
  expect(read('page.css')).not.toMatch(/url\(|@import/);
  expect(Buffer.byteLength(read('page.js'))).toBeLessThanOrEqual(220 * 1024);
});
