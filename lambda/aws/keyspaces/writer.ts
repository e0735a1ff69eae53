/** The view store with all that changes it. The bundle of a function that only reads has none of this: it uses {@link keyspacesReader}. */
import { segmentOf } from '../../formats/speed-log';
import { blockOf } from '../../formats/view-run';
import * as cql from './cql';
import { type CqlSession } from './keyspaces';
import { chunkKey, instant, integer, keyspacesReader, NONE_RECONCILED, runOn, type Store, type Tables } from './store';

const applied = async (result: Promise<{ readonly applied: boolean }>) => (await result).applied;
const at = (ms: number) => new Date(ms);

export function keyspacesStore(session: CqlSession, tables: Tables): Store {
  const run = runOn(session);
  return {
    ...keyspacesReader(session, tables),
    casHead({ topic, partition }, expected, { foldedTo, state }) {
      return applied(
        expected === undefined
          ? run(cql.insertHead(tables.speedHead), topic, partition, foldedTo, state)
          : run(cql.updateHead(tables.speedHead), foldedTo, state, topic, partition, expected),
      );
    },
    appendLog({ topic, partition }, { from, to, interval, asOf, posts }) {
      const key = [topic, partition, segmentOf(from), from] as const;
      return applied(run(cql.insertLog(tables.speedLog), ...key, to, at(interval), at(asOf), posts));
    },
    async listLog({ topic, partition }, segment) {
      const { rows } = await run(cql.listLog(tables.speedLog), topic, partition, segment);
      return rows.map((row) => ({ from: integer(row.from_offset), to: integer(row.to_offset) }));
    },
    async deleteLog({ topic, partition }, from) {
      await run(cql.deleteLog(tables.speedLog), topic, partition, segmentOf(from), from);
    },
    async deleteHead({ topic, partition }) {
      await run(cql.deleteHead(tables.speedHead), topic, partition);
    },
    async putSpeedChunk(key, chunk, { chunks, counts }) {
      await run(cql.putSpeedChunk(tables.speedRuns), ...chunkKey(key, chunk), chunks, counts);
    },
    async readPosts({ topic, partition }, interval, from) {
      const { rows } = await run(cql.readPosts(tables.speedPosts), topic, partition, at(interval), from);
      return rows.map((row) => row.posts as Buffer);
    },
    async putPosts({ topic, partition, interval, from, to, piece }, posts) {
      await run(cql.putPosts(tables.speedPosts), topic, partition, at(interval), from, to, piece, posts);
    },
    async putRun(view, period, { version, chunks, counts, firstKeys }) {
      const values = [version, chunks, counts ?? null, firstKeys ?? null] as const;
      await run(cql.putPointer(tables.batchViews), view, period, ...values);
    },
    async putChunk({ view, period, version, chunk }, counts) {
      await run(cql.putChunk(tables.batchRuns), view, period, version, blockOf(chunk), chunk, counts);
    },
    async deleteBlock({ view, period, version, block }) {
      await run(cql.deleteBlock(tables.batchRuns), view, period, version, block);
    },
    async listUnreferenced(topic) {
      const { rows } = await run(cql.listUnreferenced(tables.unreferencedRuns), topic);
      return rows.map((row) => ({
        view: row.view_name as string,
        period: row.period as string,
        version: row.version as string,
        since: instant(row.since),
      }));
    },
    async putUnreferenced(topic, { view, period, version, since }) {
      await run(cql.putUnreferenced(tables.unreferencedRuns), topic, view, period, version, at(since));
    },
    async deleteUnreferenced(topic, { view, period, version }) {
      await run(cql.deleteUnreferenced(tables.unreferencedRuns), topic, view, period, version);
    },
    startBoundary: (name, interval, intervalMinutes, now) =>
      applied(
        run(
          cql.startBoundary(tables.boundary),
          ...[name, at(interval), at(interval), intervalMinutes, at(now), at(NONE_RECONCILED)],
        ),
      ),
    moveBoundary: (name, from, to, now) =>
      applied(run(cql.moveBoundary(tables.boundary), at(to), at(now), name, at(from))),
    putDrift: (name, drift, from, to) =>
      applied(run(cql.putDrift(tables.boundary), drift, at(to), name, at(from ?? NONE_RECONCILED))),
  };
}
