import { join } from 'node:path';
import { type Stack } from '../../assembly/cloud-assembly';
import { place } from './layout';
import { mergeStores } from './merge';
import { drawingOf } from './model';
import { svg } from './svg';
import { ROOT } from '../../kit/root';

export const FILE = join(ROOT, 'docs', 'architecture.svg');

/** The stage that is drawn. */
export const STAGE = 'prod';

/** @throws Error if a template refers to what is not there */
export const architecture = (stacks: readonly Stack[]): string => svg(place(mergeStores(drawingOf(stacks))));
