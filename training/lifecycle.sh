#!/bin/bash
# A notebook instance's start: works off the order that waits for it, answers the state machine, and stops the instance.
#
# SageMaker runs this as root and allows five minutes, so the work goes on in the background. Whatever happens there, the
# instance is stopped: at the worker's end, or by the watchdog after CHARTLOOP_HOURS. What may hold a record lies on the encrypted
# volume alone and is removed at the end. The settings above come from infra/notebook.py; docs/contracts/notebook-order.md says what
# the notebook is given and what it leaves behind.
set -euo pipefail

PYTHON=python3.12 # the wheels are built for it
OWNER=ec2-user
HOME_OF_OWNER=$(getent passwd "$OWNER" | cut -d: -f6)
WORK=$HOME_OF_OWNER/SageMaker/chartloop   # the notebook's: order, code, environment, what it writes
KEPT=$HOME_OF_OWNER/SageMaker/.chartloop  # root's: the token and the logs
MODELS=$HOME_OF_OWNER/models              # where the model folder is mounted
BUCKET=s3://$CHARTLOOP_BUCKET

main() {
  clean_up # what is left where an instance lost its power
  mkdir -p "$WORK" "$KEPT" "$MODELS"
  chmod 700 "$WORK" "$KEPT"
  chown "$OWNER:" "$WORK"
  trap '' HUP # as nohup does it; what is started from here inherits it
  work >"$KEPT/worker.log" 2>&1 </dev/null &
  watch_over $! >"$KEPT/watchdog.log" 2>&1 </dev/null &
}

work() {
  answer='' beats='' papermill='' run_id='' execution=''
  reason='notebook_failed: the notebook instance could not be set up'
  trap finish EXIT
  trap 'reason="notebook_deadline: the notebook was told to stop"; exit 1' TERM
  take_order
  local worker=$BASHPID # not inside the next line, which has one of its own
  keep_alive "$worker" &
  beats=$!
  reason='notebook_failed: the model folder could not be mounted'
  mount_models
  reason='notebook_failed: the code could not be fetched'
  aws s3 cp --quiet "$(field code_uri)" "$WORK/code.tar.gz"
  mkdir "$WORK/code"
  tar -xzf "$WORK/code.tar.gz" -C "$WORK/code"
  reason='wheels_not_staged: the notebook installs from the data bucket, and not all it needs is there: chartloop stage-wheels'
  install
  write_environment
  reason='notebook_failed: the notebook could not be run'
  run_notebook
}

take_order() {
  if ! aws s3 cp --quiet "$BUCKET/notebook/order.json" "$KEPT/order.json"; then
    # CloudFormation starts the instance that it makes, without an order, and has to see it in service before it stops.
    sleep 600
    exit
  fi
  # The token is what the state machine waits for: the notebook gets the order without it, and no command line shows it.
  python3 - "$KEPT" "$WORK" <<'PY'
import json, pathlib, sys
kept, work = map(pathlib.Path, sys.argv[1:])
order = json.loads((kept / "order.json").read_text())
token = {"taskToken": order.pop("token")}
(work / "order.json").write_text(json.dumps(order))
(kept / "heartbeat.json").write_text(json.dumps(token))
PY
  chmod 644 "$WORK/order.json"
  alive || exit 0 # answered long ago: somebody started the instance by hand
  run_id=$(field run_id)
  execution=$(field execution)
}

field() {
  python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$WORK/order.json" "$1"
}

alive() {
  local said
  said=$(aws stepfunctions send-task-heartbeat --cli-input-json "file://$KEPT/heartbeat.json" 2>&1) && return
  case $said in *TaskTimedOut* | *TaskDoesNotExist* | *InvalidToken*)
    echo 'nobody waits for this order'
    return 1
    ;;
  esac
  echo 'a heartbeat was lost'
}

keep_alive() {
  while alive; do sleep 60; done
  kill -TERM "$1"
}

mount_models() {
  # Amazon Linux keeps its packages in S3, which is in reach.
  command -v mount.efs >/dev/null || dnf -q -y install amazon-efs-utils
  local options=ro,tls,iam,accesspoint=$CHARTLOOP_ACCESS_POINT
  options+=,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport
  timeout 180 mount -t efs -o "$options" "$CHARTLOOP_FILE_SYSTEM:/" "$MODELS"
}

install() {
  # The manifest is staged last: where it is, the rest is.
  aws s3 cp --quiet "$BUCKET/wheels/notebook/manifest.json" "$KEPT/wheels.json"
  aws s3 cp --quiet --recursive "$BUCKET/wheels/notebook/" "$WORK/wheels"
  command -v "$PYTHON" >/dev/null || dnf -q -y install "$PYTHON"
  as_owner "$PYTHON" -m venv "$WORK/env"
  as_owner "$WORK/env/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --no-deps \
    --find-links "$WORK/wheels" --requirement "$WORK/code/training/notebook-requirements.txt"
}

as_owner() {
  sudo -u "$OWNER" -- "$@"
}

write_environment() {
  (umask 077 && cat >"$WORK/.env") <<END
AWS_DEFAULT_REGION=$AWS_DEFAULT_REGION
CHARTLOOP_ANSWER=$WORK/answer.json
CHARTLOOP_BUCKET=$CHARTLOOP_BUCKET
CHARTLOOP_FAILURE=$WORK/failure
CHARTLOOP_KMS_KEY=$CHARTLOOP_KMS_KEY
CHARTLOOP_MODEL_FOLDER=$MODELS
CHARTLOOP_ORDER=$WORK/order.json
HF_HUB_OFFLINE=1
PYTHONPATH=$WORK/code:$WORK/code/vendor
PYTHONUNBUFFERED=1
TMPDIR=$WORK
TOKENIZERS_PARALLELISM=false
END
  chown "$OWNER:" "$WORK/.env"
}

run_notebook() {
  # shellcheck disable=SC2016 # the inner shell expands these
  as_owner bash -c 'set -a && . "$1/.env" && set +a && cd "$1" && exec env/bin/python -m papermill \
    code/training/model_training.ipynb model_training.ipynb -p order "$1/order.json" --no-progress-bar' - "$WORK" \
    >"$KEPT/papermill.log" 2>&1 &
  papermill=$!
  local status=0
  wait "$papermill" || status=$?
  papermill=''
  if [ "$status" = 0 ] && [ -s "$WORK/answer.json" ]; then
    answer=$WORK/answer.json
  elif [ -s "$WORK/failure" ]; then
    reason=$(head -n 1 "$WORK/failure")
  else
    # Of an error that nobody foresaw only the kind is told: its words may quote a record.
    reason="notebook_failed: the notebook ended with $status $(grep -oE '^[A-Za-z_.]+(Error|Exception)' "$KEPT/papermill.log" | tail -n 1)"
  fi
}

finish() {
  trap - EXIT TERM
  set +e
  [ -z "$papermill" ] || kill "$papermill"
  if [ -n "$run_id" ]; then
    upload
    reply
    [ -n "$answer" ] || aws sagemaker stop-training-job --training-job-name "$execution-train"
  fi
  [ -z "$beats" ] || kill "$beats"
  clean_up
  stop_instance
}

upload() {
  local to=$BUCKET/runs/$run_id/notebook
  if [ -s "$WORK/model_training.ipynb" ]; then
    python3 - "$WORK/model_training.ipynb" <<'PY'
import json, sys
notebook = json.load(open(sys.argv[1]))
for cell in notebook["cells"]:
    for output in cell.get("outputs", []):
        if output["output_type"] == "error":  # its words may quote a record
            output.update(evalue="", traceback=[])
json.dump(notebook, open(sys.argv[1], "w"), indent=1)
PY
    aws s3 cp --quiet "$WORK/model_training.ipynb" "$to/model_training.ipynb"
  fi
  aws s3 cp --quiet "$KEPT/worker.log" "$to/worker.log"
}

reply() {
  python3 - "$KEPT" "$answer" "$reason" <<'PY'
import json, pathlib, sys
kept, answer, reason = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
said = json.loads((kept / "heartbeat.json").read_text())
if answer:
    said["output"] = pathlib.Path(answer).read_text()
else:
    said |= {"error": "NotebookFailed", "cause": json.dumps({"FailureReason": reason})}
(kept / "reply.json").write_text(json.dumps(said))
PY
  local operation=send-task-failure try
  [ -z "$answer" ] || operation=send-task-success
  for try in 1 2 3; do
    aws stepfunctions "$operation" --cli-input-json "file://$KEPT/reply.json" && return
    echo "answer not taken, try $try"
    alive || return
    sleep 10
  done
}

clean_up() {
  umount -l "$MODELS" 2>/dev/null || true
  rm -rf "$WORK" "$KEPT"
}

stop_instance() {
  local said
  until said=$(aws sagemaker stop-notebook-instance --notebook-instance-name "$CHARTLOOP_NOTEBOOK" 2>&1); do
    case $said in *'(Stopping)'* | *'(Stopped)'*) return ;; esac
    echo "not stopped yet: $said"
    sleep 30
  done
}

watch_over() {
  local minute
  set +e
  for ((minute = 0; minute < "$CHARTLOOP_HOURS" * 60; minute++)); do
    kill -0 "$1" 2>/dev/null || break # it has ended, or it was killed before it could stop the instance
    sleep 60
  done
  kill -TERM "$1" 2>/dev/null || true
  for ((minute = 0; minute < 15; minute++)); do # its last words take a while
    kill -0 "$1" 2>/dev/null || break
    sleep 20
  done
  clean_up
  stop_instance
}

main
