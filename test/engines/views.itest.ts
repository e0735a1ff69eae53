/**
 * Views of more keys than a chunk, and than a page, through the whole batch layer. `npm run bench -- views --large` is the same with
 * 1.2 million posts and a year.
 */
import { result } from '../../tools/bench/report';
import { SOME, views } from '../../tools/bench/views';

it('views of many keys pass the batch layer as any others, and are answered in pages', async () => {
  // It throws where an answer misses a row or a post.
  const { figures } = await views(SOME);
  expect(
    figures.find(({ what }) => what === `follower counts of a month: pages of ${SOME.followers} rows`),
  ).toMatchObject({
    value: 2,
  });
  for (const figure of figures) expect([figure.what, result(figure)]).not.toEqual([figure.what, 'missed']);
}, 300_000);
