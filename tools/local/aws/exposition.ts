/** Prometheus' text format. @see https://prometheus.io/docs/instrumenting/exposition_formats/ */
import { listen, type RunningServer } from './server';

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** One line: a metric with its labels and its current value. */
export function sample(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const quoted = Object.entries(labels).map(
    ([label, text]) => `${label}="${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`,
  );
  return `${name}{${quoted.join(',')}} ${value}`;
}

/** Serves a page at `/metrics`. @param page must not fail: it leaves out what cannot be measured */
export function servePage(what: string, page: () => Promise<string>): Promise<RunningServer> {
  return listen(what, 0, (request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    void page().then((text) => response.writeHead(200, { 'content-type': CONTENT_TYPE }).end(text));
  });
}
