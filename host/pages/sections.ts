/** Pages of which a program writes parts: what lies between the marks <!-- name --> and <!-- /name -->. */

/** The page with `text` between these marks; throws when it does not have them. */
export function withSection(page: string, name: string, text: string): string {
  const section = new RegExp(`(?<=<!-- ${name} -->\n)[\\s\\S]*?(?=<!-- /${name} -->)`);
  if (!section.test(page)) throw new Error(`expected the marks <!-- ${name} --> and <!-- /${name} -->, got none`);
  return page.replace(section, () => `\n${text.trimEnd()}\n\n`);
}

const EXAMPLE = /^```\n\$ npx htpw (.*)\n[^`]*```$/gm;

/** The commands of htpw, without "npx htpw", whose output the page shows in blocks that begin with them. */
export const exampleCommands = (page: string): string[] => [...page.matchAll(EXAMPLE)].map(([, command]) => command);

/** The page with what its commands print; throws when it shows none, or one that was not recorded. */
export function withExamples(page: string, outputs: Readonly<Record<string, string>>): string {
  if (exampleCommands(page).length === 0) throw new Error('expected a block that begins "$ npx htpw", got none');
  return page.replace(EXAMPLE, (_, command: string) => {
    if (!(command in outputs)) throw new Error(`what "htpw ${command}" prints is not recorded; htpw bench --deploy`);
    return `\`\`\`\n$ npx htpw ${command}\n${outputs[command]}\`\`\``;
  });
}
