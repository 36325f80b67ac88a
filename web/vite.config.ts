/* How the page is built: into the wheel's folder, no inline script, nothing from another host, with the licences of what it holds. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Plugin, defineConfig } from 'vite'

const PACKAGE = /^(.*\/node_modules\/((?:@[^/]+\/)?[^/]+))\//
const TAKEN = /^(MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0)$/

/** Writes licenses.txt; stops the build at a licence that is not a permissive one. */
function licences(): Plugin {
  return {
    name: 'licences',
    generateBundle() {
      const folders = new Map<string, string>()
      for (const id of this.getModuleIds()) {
        const [, folder, name] = PACKAGE.exec(id.replace('\0', '')) ?? []
        if (folder && name) folders.set(name, folder)
      }
      const said = [...folders].sort().map(([name, folder]) => {
        const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
        if (!TAKEN.test(about.license)) this.error(`${name}: the licence ${about.license} is not one we take`)
        const file = readdirSync(folder).find((one) => /^(licen[cs]e|copying)/i.test(one))
        const text = file ? readFileSync(join(folder, file), 'utf8') : `${about.license}; ${about.homepage ?? about.repository?.url ?? ''}`
        return `${name} ${about.version} (${about.license})\n\n${text.trim()}\n`
      })
      this.emitFile({ type: 'asset', fileName: 'licenses.txt', source: said.join('\n----\n\n') })
    },
  }
}

export default defineConfig({
  base: './',
  plugins: [licences()],
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  build: {
    outDir: '../src/carpet/review/static',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 4000,
  },
})
