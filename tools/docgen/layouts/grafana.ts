/** @see https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/ */
import { type JsonObject } from '../../../lambda/provision/grafana/core';
import { type Layout, type Panel } from './panel';

interface Target {
  readonly refId: string;
  readonly legendFormat?: string;
  readonly label?: string;
}

interface GrafanaPanel {
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly description?: string;
  readonly targets?: readonly Target[];
}

const SHOWN: Readonly<Record<string, string>> = { timeseries: 'chart', stat: 'number', row: 'text' };

const named = ({ label, legendFormat }: Target) => label ?? legendFormat ?? '';

function panelOf({ type, title, gridPos, description, targets = [] }: GrafanaPanel): Panel {
  const { x, y, w, h } = gridPos;
  const series = targets.map(named).filter((name) => name !== '' && name !== '__auto');
  // The link to the runbook is not part of the picture.
  const about = description === undefined ? [] : [description.replace(/ What to do: .*/s, '')];
  const lines = [...(series.length > 1 ? series : []), ...about];
  return { x, y, width: w, height: h, title, shown: SHOWN[type] ?? type, lines };
}

/** A board as it is deployed. */
export function grafanaLayout(board: JsonObject): Layout {
  const { uid, title, panels } = board as unknown as { uid: string; title: string; panels: readonly GrafanaPanel[] };
  return { name: `grafana-${uid.replace(/^.*?-/, '')}`, title: `Grafana: ${title}`, panels: panels.map(panelOf) };
}
