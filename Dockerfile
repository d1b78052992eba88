# The paper in a container, from a clone:
#   docker build -t digs .
#   docker run --name digs digs && docker cp digs:/digs/ms.pdf . && docker rm digs
# The image has the packages of requirements.lock, TeX and the data: what runs in it needs no network.
FROM python:3.11-bookworm
ENV PIP_NO_CACHE_DIR=1
WORKDIR /digs

# TeX first, as it changes least
COPY tools/ensure-tex tools/
RUN tools/ensure-tex && rm -rf /var/lib/apt/lists/*

# the graphs of `make site`
COPY tools/ensure-programs tools/
RUN tools/ensure-programs dot && rm -rf /var/lib/apt/lists/*

COPY requirements.lock pyproject.toml README.md LICENSE ./
COPY tools/ensure-venv tools/
COPY src/digs src/digs
RUN tools/ensure-venv .venv && touch .venv/.ready
ENV PATH="/digs/.venv/bin:$PATH"

COPY . .
CMD ["make", "paper"]
