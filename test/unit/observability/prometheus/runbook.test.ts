import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RULES_FOLDER } from '../../../../observability/prometheus/scrape';
import { ROOT } from '../../../../tools/kit/root';

const text = readdirSync(RULES_FOLDER)
  .map((file) => readFileSync(join(RULES_FOLDER, file), 'utf8'))
  .join('\n');
const alerts = [...text.matchAll(/^ {6}- alert: (\w+)$/gm)].map(([, name]) => name);

test('each Prometheus alert links to its article, and each article is about an alert', () => {
  const runbook = readFileSync(join(ROOT, 'docs', 'runbook-kafka.md'), 'utf8');
  const articles = [...runbook.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
  expect(articles.sort()).toEqual([...alerts].sort());
  const links = [...text.matchAll(/^ {10}runbook_url: (\S+)$/gm)].map(([, link]) => link);
  expect(links).toEqual(alerts.map((name) => `docs/runbook-kafka.md#${name.toLowerCase()}`));
});
