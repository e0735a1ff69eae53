import { type JsonObject } from '../../lambda/provision/grafana/core';

interface Variable extends JsonObject {
  readonly name: string;
  readonly type: string;
  readonly label?: string;
}

/**
 * A board in the form for sharing: its constants are inputs, whose values an import requests. Data sources are variables that
 * users choose on the board.
 * @see https://grafana.com/docs/grafana/latest/dashboards/share-dashboards-panels/
 */
export function importable(board: JsonObject): JsonObject {
  const { list } = board['templating'] as unknown as { list: readonly Variable[] };
  const inputOf = (name: string) => `VAR_${name.toUpperCase()}`;
  const constants = list.filter(({ type }) => type === 'constant');
  return {
    __inputs: constants.map(({ name, label }) => ({ name: inputOf(name), type: 'constant', label, value: '' })),
    ...board,
    templating: {
      list: list.map((each) => {
        if (each.type !== 'constant') return each;
        const value = `\${${inputOf(each.name)}}`;
        const current = { text: value, value, selected: false };
        return { ...each, query: value, current, options: [current] };
      }),
    },
  };
}
