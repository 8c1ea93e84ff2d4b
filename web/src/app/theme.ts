import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

/** A cool slate for the dark side: text 0, quiet text 2, lines 4, raised 6, ground 7, wells 8. */
const slate: MantineColorsTuple = [
  "#dfe5ec",
  "#bac4cf",
  "#98a4b3",
  "#6f7d8d",
  "#37424f",
  "#2a333e",
  "#1d252e",
  "#151b22",
  "#10151b",
  "#0b0f14",
];
const sky: MantineColorsTuple = [
  "#e6f4ff",
  "#cde6fd",
  "#9cccf8",
  "#68b0f4",
  "#429aef",
  "#2a8ced",
  "#1a7fdc",
  "#0d6ec4",
  "#0061b0",
  "#00539b",
];

/** Mantine's, with a filled shade that white text is readable on. */
const red: MantineColorsTuple = [
  "#fff5f5",
  "#ffe3e3",
  "#ffc9c9",
  "#ffa8a8",
  "#ff8787",
  "#ff6b6b",
  "#fa5252",
  "#c92a2a",
  "#b32424",
  "#9c1f1f",
];

export const theme = createTheme({
  primaryColor: "sky",
  primaryShade: 7,
  colors: { dark: slate, sky, red },
  defaultRadius: "sm",
  cursorType: "pointer",
  focusRing: "auto",
  fontFamily:
    'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.125rem" },
  headings: {
    fontWeight: "650",
    sizes: { h1: { fontSize: "1.25rem" }, h2: { fontSize: "0.9375rem" }, h3: { fontSize: "0.8125rem" } },
  },
  components: {
    Button: { defaultProps: { size: "xs" } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray" } },
    TextInput: { defaultProps: { size: "xs" } },
    Textarea: { defaultProps: { size: "xs" } },
    PasswordInput: { defaultProps: { size: "xs" } },
    NumberInput: { defaultProps: { size: "xs" } },
    Select: { defaultProps: { size: "xs", checkIconPosition: "right" } },
    MultiSelect: { defaultProps: { size: "xs" } },
    Switch: { defaultProps: { size: "xs" } },
    Checkbox: { defaultProps: { size: "xs" } },
    SegmentedControl: { defaultProps: { size: "xs" } },
    Tooltip: { defaultProps: { openDelay: 350, withArrow: true } },
    Modal: {
      defaultProps: {
        centered: true,
        overlayProps: { backgroundOpacity: 0.55 },
        closeButtonProps: { "aria-label": "Close" },
      },
    },
  },
});

/** What stands beside each other in a plot, the largest first; none of them says good or bad. */
function plotColours(colours: readonly string[]): Record<string, string> {
  return Object.fromEntries(colours.map((colour, index) => [`--c-plot-${index + 1}`, colour]));
}

/** Quiet text must be readable, too: Mantine's own grey in the light scheme has a contrast of 3.3. */
export const variables: CSSVariablesResolver = () => ({
  variables: { "--shell-nav": "208px", "--shell-head": "46px" },
  light: {
    "--mantine-color-dimmed": "#56616d",
    "--mantine-color-placeholder": "#66717d",
    "--mantine-color-error": "#c92a2a",
    "--mantine-color-body": "#f6f8fa",
    "--c-ground": "#f6f8fa",
    "--c-panel": "#ffffff",
    "--c-well": "#eff2f5",
    "--c-line": "#dde2e8",
    "--c-stripe": "#f7f9fb",
    "--c-hover": "#e9f2fc",
    "--c-link": "#0b62b4",
    "--c-good": "#18743a",
    "--c-warn": "#8f5200",
    "--c-bad": "#c02626",
    "--c-busy": "#0b62b4",
    "--c-idle": "#56616d",
    ...plotColours(["#1f6fc0", "#2f9e63", "#c27a10", "#8a57c2", "#1a98a8", "#8c96a1"]),
  },
  dark: {
    "--mantine-color-dimmed": "#98a4b3",
    "--mantine-color-placeholder": "#8592a2",
    "--mantine-color-error": "#ff8787",
    "--c-ground": "#10151b",
    "--mantine-color-body": "#10151b",
    "--c-panel": "#161d25",
    "--c-well": "#0c1116",
    "--c-line": "#28323d",
    "--c-stripe": "#192129",
    "--c-hover": "#1c2c3d",
    "--c-link": "#66b2f7",
    "--c-good": "#4ac281",
    "--c-warn": "#efa43a",
    "--c-bad": "#ff7b7b",
    "--c-busy": "#5aaef7",
    "--c-idle": "#98a4b3",
    ...plotColours(["#4a9df0", "#43b07a", "#e0a045", "#a584e0", "#3fb6c4", "#66717f"]),
  },
});
