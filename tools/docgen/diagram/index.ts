/** The architecture as two diagrams, both from the templates: docs/architecture.svg and docs/architecture-overview.svg. */
import { type Generator } from '../generator';
import { place } from './layout';
import { mergeStores } from './merge';
import { modelOf } from './model';
import { overviewOf, overviewSvg } from './overview';
import { svg } from './svg';

/** The stage that the diagrams show. */
export const STAGE = 'prod';

const FULL = 'docs/architecture.svg';
const OVERVIEW = 'docs/architecture-overview.svg';

export const diagrams: Generator = {
  files: [FULL, OVERVIEW],
  render(assemblyOf) {
    const model = modelOf(assemblyOf(STAGE).stacks);
    return { [FULL]: svg(place(mergeStores(model))), [OVERVIEW]: overviewSvg(overviewOf(model)) };
  },
};
