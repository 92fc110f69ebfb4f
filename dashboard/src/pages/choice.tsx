/** The choice of a file: what may be sent, an example of it, and what its offsets count. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import FileUpload from "@cloudscape-design/components/file-upload";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { SAMPLE, typeOf, TYPES, type Unit } from "../note/file";

/** Bytes of a post; what is larger goes by a presigned upload, up to what the service reads of one file. */
export const MOST_POSTED = 5_000_000;
const MOST_UPLOADED = 64 * 2 ** 20;

const UNITS = [
  { value: "codepoint", label: "Unicode code points (Python, brat)" },
  { value: "utf16", label: "UTF-16 units (JavaScript, Java, Label Studio)" },
];

export function problemOf(file: File): string {
  const plain = file.name.replace(/\.gz$/i, "");
  if (!typeOf(plain) || (plain !== file.name && typeOf(plain) === TYPES.zip)) {
    return `The name must end in ${Object.keys(TYPES).map((ending) => `.${ending}`).join(" ")}, or that and .gz`;
  }
  if (file.size > MOST_UPLOADED) return "Over 64 MB: divide it into several files.";
  return file.size === 0 ? "The file is empty." : "";
}

type Given = { file: File | null; choose: (file: File | null) => void; problem: string; unit: Unit; setUnit: (unit: Unit) => void } & Replacing;
type Replacing = { replace: boolean; setReplace: (replace: boolean) => void };

export function Choice({ file, choose, problem, unit, setUnit, replace, setReplace }: Given) {
  return (
    <Container header={<Header variant="h2">File</Header>}>
      <ColumnLayout columns={2}>
        <SpaceBetween size="m">
          <FormField
            label="Records"
            description="JSON, JSON Lines, CSV or XLSX up to 64 MB, each also gzipped; a zip of brat's folder; Label Studio's JSON export"
            errorText={problem}
          >
            <FileUpload
              value={file ? [file] : []}
              accept=".json,.jsonl,.csv,.xlsx,.zip,.gz"
              onChange={({ detail }) => choose(detail.value[0] ?? null)}
              showFileSize
              i18nStrings={{
                uploadButtonText: () => "Choose a file",
                dropzoneText: () => "Drop a file here",
                removeFileAriaLabel: () => "Remove the file",
                errorIconAriaLabel: "Error",
                warningIconAriaLabel: "Warning",
                limitShowFewer: "Show fewer",
                limitShowMore: "Show more",
              }}
            />
          </FormField>
          <FormField label="Offsets count" description="Of brat and Label Studio it is known.">
            <Select
              selectedOption={UNITS.find(({ value }) => value === unit) ?? null}
              options={UNITS}
              onChange={({ detail }) => setUnit(detail.selectedOption.value as Unit)}
            />
          </FormField>
          <Checkbox checked={replace} onChange={({ detail }) => setReplace(detail.checked)} description="Else a record with a known id and another body is a conflict.">
            Replace what is stored under the same id
          </Checkbox>
        </SpaceBetween>
        <SpaceBetween size="s">
          <Box variant="awsui-key-label">One record a line, for example</Box>
          <pre className="example">{SAMPLE.split("\n")[0]}</pre>
          <Button onClick={() => choose(new File([SAMPLE], "sample.jsonl"))}>Use a sample file</Button>
        </SpaceBetween>
      </ColumnLayout>
    </Container>
  );
}
