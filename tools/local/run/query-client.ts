/** Client of the query API: answers and views of either layer, and the time boundary. */
import { type Sign } from '../../loadgen/sign';

export type Layer = 'merged' | 'batch' | 'speed';
export const LAYERS: readonly Layer[] = ['merged', 'batch', 'speed'];
export type AnswerRow = Readonly<Record<string, string | number>>;

export interface Answer {
  readonly columns: readonly string[];
  readonly rows: readonly AnswerRow[];
}

export interface Boundary {
  /** Start of the newest published interval; null before the first. */
  readonly interval: string | null;
  readonly firstInterval: string | null;
  /** Newest interval whose layers were compared. */
  readonly reconciledInterval: string | null;
  readonly drift: number | null;
}

export interface QueryClient {
  boundary(): Promise<Boundary>;
  /** What the page shows; only where the API serves the page. */
  status(): Promise<{ readonly asOf: string | null; readonly boundary: Boundary }>;
  answerNames(): Promise<readonly string[]>;
  viewNames(): Promise<readonly string[]>;
  answer(name: string, layer: Layer): Promise<Answer>;
  /** All counts of a view. */
  view(name: string, layer: Layer): Promise<Answer>;
}

/** @param sign @default - requests are not signed */
export function queryClient(baseUrl: string, sign?: Sign): QueryClient {
  const get = async <T>(path: string): Promise<T> => {
    const url = new URL(path, baseUrl);
    const response = await fetch(url, { headers: await sign?.(url, 'GET', {}, '') });
    const body = await response.text();
    if (!response.ok) throw new Error(`GET ${path} returned ${response.status}: ${body.slice(0, 300)}`);
    return JSON.parse(body) as T;
  };
  const names = (items: readonly { name: string }[]) => items.map((item) => item.name);
  return {
    boundary: () => get<Boundary>('/boundary'),
    status: () => get('/status'),
    answerNames: async () => names((await get<{ answers: { name: string }[] }>('/answers')).answers),
    viewNames: async () => names((await get<{ views: { name: string }[] }>('/views')).views),
    answer: (name, layer) => get<Answer>(`/answers/${name}?layer=${layer}`),
    async view(name, layer) {
      const path = `/views/${name}?answer=counts&layer=${layer}`;
      let page = await get<Answer & { cursor?: string }>(path);
      const { columns, rows: first } = page;
      const rows = [...first];
      while (page.cursor !== undefined) {
        page = await get(`${path}&cursor=${page.cursor}`);
        rows.push(...page.rows);
      }
      return { columns, rows };
    },
  };
}
