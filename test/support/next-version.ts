/** The code as a later version of it could be: a column or a section more than this one has. */
import type * as columnsModule from '../../lambda/domain/columns';
import { column, section } from '../../lambda/domain/sections/section';
import type * as userModule from '../../lambda/domain/sections/user';

export interface Addition {
  /** A text column of the section `user`, always "nick". */
  readonly column?: string;
  /** A section with the text column `<name>_label`, always "label". */
  readonly section?: string;
}

const COLUMNS = '../../lambda/domain/columns';
const USER = '../../lambda/domain/sections/user';

type UserModule = typeof userModule;
type ColumnsModule = typeof columnsModule;
type Made = ReturnType<typeof section>;

const textColumn = (name: string) => column(name, 'string', 'none', 'Of a later version');

/** @param load requires modules; what they import is of the later version, too */
export function nextVersion<T>(addition: Addition, load: () => T): T {
  let loaded: T;
  jest.isolateModules(() => {
    if (addition.column !== undefined) {
      const name = addition.column;
      jest.doMock(USER, () => {
        const { user, ...rest } = jest.requireActual<UserModule>(USER);
        const clean: Made['clean'] = (raw, at) => ({ ...(user as Made).clean(raw, at), [name]: 'nick' });
        return { ...rest, user: { ...user, columns: [...user.columns, textColumn(name)], clean } };
      });
    }
    if (addition.section !== undefined) {
      const name = addition.section;
      const label = `${name}_label`;
      jest.doMock(COLUMNS, () => withSection(jest.requireActual<ColumnsModule>(COLUMNS), name, label));
    }
    try {
      loaded = load();
    } finally {
      jest.dontMock(USER);
      jest.dontMock(COLUMNS);
    }
  });
  return loaded!;
}

/** What `columns.ts` exports, of one section more. */
function withSection(actual: ColumnsModule, name: string, label: string) {
  const added = section({
    key: 'ind',
    fields: { ind: ['index', 'pseudonymous'] },
    columns: [textColumn(label)],
    clean: () => ({ [label]: 'label' }),
  });
  const table: Readonly<Record<string, { readonly columns: readonly { readonly name: string }[] }>> = {
    ...actual.SECTION_TABLE,
    [name]: added,
  };
  const SECTIONS = Object.keys(table);
  const columns = SECTIONS.flatMap((of) => table[of].columns.map((each) => ({ ...each, section: of })));
  return {
    ...actual,
    SECTION_TABLE: table,
    SECTIONS,
    COLUMNS: columns,
    bySection: (of: (section: string) => unknown) => Object.fromEntries(SECTIONS.map((each) => [each, of(each)])),
    columnOf: (wanted: string) => columns.find((each) => each.name === wanted),
    columnsOf: (wanted: string) => columns.filter((each) => each.section === wanted),
  };
}
